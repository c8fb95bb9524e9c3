"""`retry`: another attempt at a job that failed, with the same config and from its last checkpoint.

Owns the names of attempts (train, train-2, train-3) and the TFJob of the next one. It is made from the job as
it is stored, not from its config: what others wrote into it, and the code it ran, are the same.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from tfjob_kit import contract, errors, plan
from tfjob_kit.cluster import port
from tfjob_kit.jobs.replica_view import items, part
from tfjob_kit.jobs.suspension import RESIZING_ANNOTATION, SAVED_STEP_ANNOTATION
from tfjob_kit.jobs.view import build_view

__all__ = ["Attempt", "attempt_of", "next_attempt"]

_INSTANCE_LABEL = "app.kubernetes.io/instance"
_DROPPED = (
    port.SUBMISSION_ANNOTATION,
    SAVED_STEP_ANNOTATION,
    RESIZING_ANNOTATION,
    "kubectl.kubernetes.io/last-applied-configuration",
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The next attempt at a job.

    Attributes:
        number: 2 for the first retry.
        job: Its TFJob, ready to be submitted.
        companions: What it owns: the old job's, under names of its own.
    """

    number: int
    job: port.Object
    companions: tuple[port.Object, ...]

    @property
    def ref(self) -> port.JobRef:
        """Its identity."""
        return port.JobRef(namespace=self.job["metadata"]["namespace"], name=self.job["metadata"]["name"])


def next_attempt(job: port.Object, *, companions: Sequence[port.Object] = ()) -> Attempt:
    """The attempt after this one.

    Args:
        job: The job that failed.
        companions: What it owns, as the engine has it.

    Raises:
        RefusedError: The job has not failed.
    """
    _refuse_unfailed(job)
    old, number = job["metadata"], attempt_of(job) + 1
    name = _attempt_name(job, number)
    annotations = {k: v for k, v in part(old, "annotations").items() if k not in _DROPPED}
    spec = copy.deepcopy(part(job, "spec"))
    spec["runPolicy"] = part(spec, "runPolicy") | {"suspend": False}
    for role in part(spec, "tfReplicaSpecs").values():
        _rename(role.get("template") or {}, old=old["name"], new=name)
    return Attempt(
        number=number,
        job={
            "apiVersion": job["apiVersion"],
            "kind": job["kind"],
            "metadata": {
                "name": name,
                "namespace": old["namespace"],
                "labels": _renamed_labels(part(old, "labels"), new=name),
                "annotations": annotations
                | {port.ATTEMPT_ANNOTATION: str(number), port.RETRY_OF_ANNOTATION: old["name"]},
            },
            "spec": spec,
        },
        companions=tuple(_renamed_companion(thing, old=old["name"], new=name) for thing in companions),
    )


def attempt_of(job: port.Object) -> int:
    """Number of the attempt that this job is; 1 for a job that is no retry."""
    text = part(job, "metadata", "annotations").get(port.ATTEMPT_ANNOTATION, "")
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text) else 1


def _refuse_unfailed(job: port.Object) -> None:
    view = build_view(job)
    name = view.ref.name
    if view.state == "Succeeded":
        raise errors.RefusedError(
            f"{name} has Succeeded: there is nothing to try again",
            hint="`tfjob-kit run` starts a run of its own",
        )
    if view.state == "Suspended":
        raise errors.RefusedError(
            f"{name} has not failed, it is suspended", hint=f"`tfjob-kit resume {name}` lets it go on"
        )
    if not view.is_finished:
        raise errors.RefusedError(
            f"{name} has not failed, it is {view.state}",
            hint=f"`tfjob-kit cancel {name}` ends it; `tfjob-kit wait {name}` waits for its end",
        )


def _attempt_name(job: port.Object, number: int) -> str:
    """`<first name>-<number>`, the first name cut where the whole would be too long for its roles."""
    name, suffix = job["metadata"]["name"], f"-{number}"
    first = name.removesuffix(f"-{number - 1}") if number > 2 else name
    roles: port.Object = part(job, "spec", "tfReplicaSpecs")
    counts = {role: max(1, int(spec.get("replicas", 1))) for role, spec in roles.items()}
    room = plan.longest_name(counts) - len(suffix)
    return first[:room].rstrip("-") + suffix


def _rename(template: port.Object, *, old: str, new: str) -> None:
    """What names the job in a pod template that is ours to change: run id, label, ConfigMaps of its own."""
    labels = part(template, "metadata", "labels")
    if labels:
        template["metadata"]["labels"] = _renamed_labels(labels, new=new)
    for container in items(part(template, "spec"), "containers"):
        for entry in items(container, "env"):
            value: str = entry.get("value") or ""
            if entry["name"] == contract.RUN_ID_ENV and value.startswith(f"{old}-"):
                entry["value"] = new + value.removeprefix(old)
    spec = part(template, "spec")
    for place in (part(spec, "affinity"), *items(spec, "topologySpreadConstraints")):
        _rename_selectors(place, old=old, new=new)
    for volume in items(spec, "volumes"):
        source = part(volume, "configMap")
        if source.get("name", "").startswith(f"{old}-code-"):
            source["name"] = new + source["name"].removeprefix(old)


def _rename_selectors(place: Any, *, old: str, new: str) -> None:
    """Label selectors for the job's own pods: with the old name they would match none of the new ones."""
    if isinstance(place, list):
        for item in cast("list[Any]", place):
            _rename_selectors(item, old=old, new=new)
    elif isinstance(place, dict):
        fields = cast("dict[str, Any]", place)
        if fields.get(port.JOB_NAME_LABEL) == old:
            fields[port.JOB_NAME_LABEL] = new
        for value in fields.values():
            _rename_selectors(value, old=old, new=new)


def _renamed_companion(companion: port.Object, *, old: str, new: str) -> port.Object:
    """The companion as it was created, under the new job's name; without what the server wrote into it."""
    kept = {name: value for name, value in companion.items() if name not in {"metadata", "status"}}
    renamed = copy.deepcopy(kept)
    selector = part(renamed, "spec", "selector", "matchLabels")
    if port.JOB_NAME_LABEL in selector:
        selector[port.JOB_NAME_LABEL] = new
    metadata = companion["metadata"]
    return {
        **{name: renamed[name] for name in ("apiVersion", "kind")},
        "metadata": {
            "name": new + metadata["name"].removeprefix(old),
            "namespace": metadata["namespace"],
            "labels": _renamed_labels(part(metadata, "labels"), new=new),
            "annotations": part(metadata, "annotations"),
        },
        **renamed,
    }


def _renamed_labels(labels: port.Object, *, new: str) -> port.Object:
    return labels | {_INSTANCE_LABEL: new} if _INSTANCE_LABEL in labels else labels
