"""What this machine lets in: everything that is refused before anything is written.

Owns the checks beside the operator's own (`rules.validate`). Must not change the job.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfjob_kit import contract
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import absentees, gpus
from tfjob_kit.cluster.local.notices import notices
from tfjob_kit.cluster.local.processes import environment, references, volumes
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.defaults import with_defaults
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import ClusterError, RefusedError

__all__ = ["Admitted", "Machine", "admit", "check_variables", "longest_grace", "roles_of"]

_DEFAULT_GRACE = 30
_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How to find out what this machine has; asked when a job arrives."""

    find_gpus: gpus.GpuFinder
    has_tensorflow: Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """What the checks found out.

    Attributes:
        gpus: GPUs that the job may be given.
        notices: What the user should know, by event reason.
    """

    gpus: list[str]
    notices: dict[str, str]


def admit(job: Object, *, machine: Machine, environ: Mapping[str, str]) -> Admitted:
    """Checks a whole job.

    Raises:
        ClusterError: The operator would reject it.
        RefusedError: This machine cannot run it.
    """
    rules.validate(job)
    _check_namespace(job["metadata"]["namespace"])
    absentees.check_manager(job)
    roles = roles_of(job)
    for name, role in roles.items():
        _check_pod(role["template"], role=name)
    check_variables(job, environ=environ)
    _check_runtime(roles, machine)
    asked = sum(int(role["replicas"]) * gpus.gpus_of_pod(role["template"]) for role in roles.values())
    found = gpus.visible_gpus(machine.find_gpus(), environ) if asked else []
    replicas = sum(int(role["replicas"]) for role in roles.values())
    gpus.check_gpus(asked, found=found, replicas=replicas)
    said = notices(roles, asked=asked, found=found, is_runtime=any(map(_is_runtime, roles.values())))
    return Admitted(gpus=found, notices=said | absentees.absentee_notices(job, roles))


def check_variables(job: Object, *, environ: Mapping[str, str]) -> None:
    """Checks what this shell has to give to a job whose replicas it starts; a suspended one has none.

    Raises:
        RefusedError: A variable that the cluster would know and this shell does not export.
    """
    if part(job, "spec", "runPolicy").get("suspend"):
        return
    for role in roles_of(job).values():
        references.check_references(role["template"]["spec"]["containers"][0], environ=environ)


def roles_of(job: Object) -> dict[str, Object]:
    """The job's roles with the operator's defaults filled in."""
    return with_defaults(job)["spec"]["tfReplicaSpecs"]


def longest_grace(job: Object) -> float:
    """Seconds that the slowest replica may take to end."""
    specs = [role["template"]["spec"] for role in roles_of(job).values()]
    return max(
        (float(spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)) for spec in specs), default=0.0
    )


def _check_namespace(name: str) -> None:
    # It becomes a directory.
    if not _DNS_LABEL.fullmatch(name):
        where = "metadata.namespace"
        raise ClusterError(
            f"the TFJob is not valid at `{where}`: `{name}` is not a DNS label", status=422, where=where
        )


def _check_pod(template: Object, *, role: str) -> None:
    init = [c for c in items(template, "spec", "initContainers") if not absentees.is_sidecar(c)]
    containers = items(template, "spec", "containers")
    extra = [str(c["name"]) for c in (*containers, *init) if c["name"] != contract.CONTAINER_NAME]
    if extra:
        raise RefusedError(
            f"{role}: container `{extra[0]}` cannot run here, `{contract.CONTAINER_NAME}` alone can",
            hint="native sidecars (`sidecars`) are left out here; run other containers on a cluster",
        )
    container = containers[0]
    if not container.get("command"):
        raise RefusedError(
            f"{role}: no command, and what image `{container['image']}` starts is not known here",
            hint='command=["python", "train.py"]',
        )
    environment.check_environment(container)
    volumes.check_volumes(template)


def _check_runtime(roles: Mapping[str, Object], machine: Machine) -> None:
    if any(_is_runtime(role) for role in roles.values()) and not machine.has_tensorflow():
        raise RefusedError(
            "the shipped runtime needs TensorFlow, which is not installed here",
            hint="pip install 'tfjob-kit[train]'",
        )


def _is_runtime(role: Object) -> bool:
    container: Object = role["template"]["spec"]["containers"][0]
    words: list[str] = [*(container.get("command") or []), *(container.get("args") or [])]
    return contract.RUNTIME_MODULE in words
