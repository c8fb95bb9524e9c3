"""Pods counted and sorted as the operator does (pkg/core/pod.go, pkg/core/status.go, pkg/core/job.go)."""

from __future__ import annotations

from collections.abc import Iterable

from tfjob_kit import contract
from tfjob_kit.cluster import port
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part

__all__ = ["count", "exit_code", "is_active", "is_terminating", "of_role", "phase", "restart_sum"]


def phase(pod: Object) -> str:
    """Pending, Running, Succeeded, Failed."""
    return part(pod, "status").get("phase") or "Pending"


def is_terminating(pod: Object) -> bool:
    """Whether the pod is being deleted."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_active(pod: Object) -> bool:
    """Neither ended nor being deleted."""
    return phase(pod) not in ("Succeeded", "Failed") and not is_terminating(pod)


def of_role(pods: Iterable[Object], role: str) -> dict[int, Object]:
    """The role's pods by index, in order."""
    labelled = [p for p in pods if p["metadata"]["labels"].get(port.REPLICA_TYPE_LABEL) == role.lower()]
    by_index = {int(p["metadata"]["labels"][port.REPLICA_INDEX_LABEL]): p for p in labelled}
    return dict(sorted(by_index.items()))


def exit_code(pod: Object) -> int | None:
    """Exit code of the `tensorflow` container; None while it has none, as after an eviction."""
    for status in items(pod, "status", "containerStatuses"):
        ended = part(status, "state", "terminated")
        if status["name"] == contract.CONTAINER_NAME and ended:
            return int(ended["exitCode"])
    return None


def count(pods: Iterable[Object]) -> Object:
    """`{active, succeeded, failed}` without zeros. A Running pod that is being deleted counts as failed."""
    names = [name for name in map(_counted_as, pods) if name]
    return {name: names.count(name) for name in ("active", "succeeded", "failed") if name in names}


def restart_sum(pods: Iterable[Object]) -> int:
    """Restarts of all containers of Running pods."""
    total = 0
    for pod in pods:
        if phase(pod) == "Running":
            for kind in ("initContainerStatuses", "containerStatuses"):
                total += sum(container.get("restartCount", 0) for container in items(pod, "status", kind))
    return total


def _counted_as(pod: Object) -> str | None:
    if phase(pod) == "Running":
        return "failed" if is_terminating(pod) else "active"
    return {"Succeeded": "succeeded", "Failed": "failed"}.get(phase(pod))
