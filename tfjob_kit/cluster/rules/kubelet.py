"""A pod's status as a kubelet writes it (kubernetes v1.36, pkg/kubelet), and when it restarts a container.

Each function gives a copy of the pod, further on. Only the `tensorflow` container has a status: the engines
that use these rules run no other.
"""

from __future__ import annotations

from dataclasses import dataclass

from tfjob_kit import contract
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part

__all__ = [
    "Ended",
    "back_off",
    "began",
    "ended",
    "evicted",
    "is_finished",
    "pending",
    "restarts",
    "will_restart",
]

_FORGIVEN_AFTER_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one run of a container ended.

    Attributes:
        reason: Completed, Error, OOMKilled or StartError.
        message: Termination message; empty when there is none.
        started: RFC 3339.
        finished: RFC 3339.
    """

    exit_code: int
    reason: str
    message: str = ""
    started: str
    finished: str


def back_off(
    restarts: int, *, ran_seconds: float, first_seconds: float = 10.0, longest_seconds: float = 300.0
) -> float:
    """Seconds until a container starts again in place.

    The first restart is immediate; then the delay doubles from `first_seconds` up to `longest_seconds`. A
    run of ten minutes is forgiven.

    Args:
        restarts: In place, before this one.
        ran_seconds: How long the run lasted that ended just now.
        first_seconds: The kubelet's is 10.
        longest_seconds: The kubelet's is 300.
    """
    if restarts == 0 or ran_seconds >= _FORGIVEN_AFTER_SECONDS:
        return 0.0
    return min(first_seconds * 2 ** min(restarts - 1, 16), longest_seconds)


def will_restart(pod: Object, exit_code: int) -> bool:
    """Whether the container is started again in place: by the policy, and never while the pod is deleted."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if pod["metadata"].get("deletionTimestamp"):
        return False
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def is_finished(pod: Object) -> bool:
    """Whether the pod is Succeeded or Failed."""
    return part(pod, "status").get("phase") in ("Succeeded", "Failed")


def restarts(pod: Object) -> int:
    """Restarts in place so far."""
    return int(_known(pod).get("restartCount", 0))


def pending(pod: Object, *, reason: str, message: str = "") -> Object:
    """The pod waits: for a place (`Unschedulable`) or for its start (any other reason)."""
    if reason == "Unschedulable":
        condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
        return {**pod, "status": {"phase": "Pending", "conditions": [condition]}}
    waiting = {"reason": reason} | ({"message": message} if message else {})
    return _with(pod, phase="Pending", container=_container(pod, state={"waiting": waiting}))


def began(pod: Object, *, started: str) -> Object:
    """The container runs since then."""
    container = _container(pod, state={"running": {"startedAt": started}})
    return _with(pod, phase="Running", container=container, started=started)


def ended(pod: Object, run: Ended, *, again: bool) -> Object:
    """The container has ended; with `again` it waits to be started in place, and the pod stays Running."""
    terminated = _terminated(run)
    if not again:
        phase = "Succeeded" if run.exit_code == 0 else "Failed"
        return _with(pod, phase=phase, container=_container(pod, state={"terminated": terminated}))
    container = _container(pod, state={"waiting": {"reason": "CrashLoopBackOff"}})
    container["lastState"] = {"terminated": terminated}
    container["restartCount"] += 1
    return _with(pod, phase="Running", container=container)


def evicted(pod: Object, *, message: str) -> Object:
    """The kubelet evicted the pod: phase Failed without any exit code."""
    return {**pod, "status": {"phase": "Failed", "reason": "Evicted", "message": message}}


def _terminated(run: Ended) -> Object:
    return {
        "exitCode": run.exit_code,
        "reason": run.reason,
        **({"message": run.message} if run.message else {}),
        "startedAt": run.started,
        "finishedAt": run.finished,
    }


def _known(pod: Object) -> Object:
    for status in items(pod, "status", "containerStatuses"):
        if status["name"] == contract.CONTAINER_NAME:
            return status
    return {}


def _container(pod: Object, *, state: Object) -> Object:
    spec = next(c for c in items(pod, "spec", "containers") if c["name"] == contract.CONTAINER_NAME)
    old = _known(pod)
    return {
        "name": spec["name"],
        "image": spec["image"],
        "imageID": "",
        "ready": "running" in state,
        "started": "running" in state,
        "restartCount": old.get("restartCount", 0),
        "state": state,
        "lastState": old.get("lastState", {}),
    }


def _with(pod: Object, *, phase: str, container: Object, started: str | None = None) -> Object:
    status = part(pod, "status")
    ready = "True" if container["ready"] else "False"
    new: Object = {
        "phase": phase,
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": ready}],
        "containerStatuses": [container],
    }
    since = status.get("startTime") or started
    return {**pod, "status": new | ({"startTime": since} if since else {})}
