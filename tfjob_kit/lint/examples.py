"""The examples of the rules: a sound job, and what an example changes in it.

An example is data: path -> value, where None takes the value away. A path is dotted and begins with a field
of the document or with a short word: `policy` (spec.runPolicy), `roles` (spec.tfReplicaSpecs), and for the
chief and the worker alike `each`, `pod` (its template's spec), `podmeta` (its template's metadata) and
`main` (its container). `others` are documents of the same file. A role without a template gets that of the
sound job.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

__all__ = ["SOUND_JOB", "Example", "example_excerpt", "make_example"]

_TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"sidecar.istio.io/inject": "false"}},
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [
            {
                "name": "tensorflow",
                "image": f"registry.example.com/train@sha256:{'0' * 64}",
                "command": ["python", "/app/train.py"],
                "ports": [{"name": "tfjob-port", "containerPort": 2222}],
                "resources": {
                    "requests": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": 1},
                    "limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": 1},
                },
                "volumeMounts": [
                    {"name": "shm", "mountPath": "/dev/shm"},
                    {"name": "checkpoints", "mountPath": "/checkpoints"},
                ],
            }
        ],
        "volumes": [
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
            {"name": "checkpoints", "persistentVolumeClaim": {"claimName": "checkpoints"}},
        ],
    },
}


def _role(replicas: int) -> dict[str, Any]:
    return {"replicas": replicas, "restartPolicy": "OnFailure", "template": copy.deepcopy(_TEMPLATE)}


SOUND_JOB: dict[str, Any] = {
    "apiVersion": "kubeflow.org/v1",
    "kind": "TFJob",
    "metadata": {"name": "train", "namespace": "default"},
    "spec": {
        "runPolicy": {"cleanPodPolicy": "Running", "ttlSecondsAfterFinished": 604800, "backoffLimit": 13},
        "tfReplicaSpecs": {"Chief": _role(1), "Worker": _role(3)},
    },
}
"""A chief and three workers with one GPU each, in which no rule finds anything."""

_ROLES = ("spec", "tfReplicaSpecs")
_SHORT: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "policy": (("spec", "runPolicy"),),
    "roles": (_ROLES,),
    "each": tuple((*_ROLES, role) for role in ("Chief", "Worker")),
    "pod": tuple((*_ROLES, role, "template", "spec") for role in ("Chief", "Worker")),
    "podmeta": tuple((*_ROLES, role, "template", "metadata") for role in ("Chief", "Worker")),
    "main": tuple((*_ROLES, role, "template", "spec", "containers", 0) for role in ("Chief", "Worker")),
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """A TFJob and the documents beside it."""

    job: dict[str, Any]
    others: tuple[Any, ...]


def make_example(changes: Mapping[str, Any]) -> Example:
    """The sound job with these changes."""
    job = copy.deepcopy(SOUND_JOB)
    for dotted, value in _of_the_job(changes).items():
        for path in _paths(dotted):
            _put(job, path, copy.deepcopy(value))
    roles: Any = job["spec"].get("tfReplicaSpecs")
    for role in cast("dict[str, Any]", roles).values() if isinstance(roles, dict) else ():
        if isinstance(role, dict) and "template" not in role:
            role["template"] = copy.deepcopy(_TEMPLATE)
    return Example(job=job, others=tuple(copy.deepcopy(changes.get("others", ()))))


def example_excerpt(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the example is about, for people: its changed values alone, of one role where roles are alike."""
    excerpt: dict[str, Any] = {}
    for dotted, value in _of_the_job(changes).items():
        paths = _paths(dotted)
        if value is not None:
            _put(excerpt, paths[-1], copy.deepcopy(value))
    return excerpt


def _of_the_job(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {dotted: value for dotted, value in changes.items() if dotted != "others"}


def _paths(dotted: str) -> list[tuple[str | int, ...]]:
    first, *rest = dotted.split(".")
    steps = tuple(int(step) if step.isdecimal() else step for step in rest)
    return [(*start, *steps) for start in _SHORT.get(first, ((first,),))]


def _put(job: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    *above, last = path
    place: Any = job
    for step, following in zip(above, path[1:], strict=True):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            place += [{"name": "tensorflow"}] * (step + 1 - len(place))
            place = place[step]
        else:
            place = place.setdefault(step, empty)
    if value is None:
        place.pop(last, None)
    elif isinstance(last, int):
        place[last:] = [value]
    else:
        place[last] = value
