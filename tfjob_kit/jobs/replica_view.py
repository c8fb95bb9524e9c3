"""One replica's pod, read once into a value.

With `view`, the only reader of Kubernetes field names: everything above asks these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tfjob_kit import contract
from tfjob_kit.cluster import port

__all__ = [
    "ContainerEnd",
    "Deletion",
    "ReplicaView",
    "count_gpus",
    "gone_replica",
    "items",
    "missing_replica",
    "part",
    "replica_of",
]

_PHASES_OF_AN_END = {"Failed", "Succeeded"}


@dataclass(frozen=True, kw_only=True)
class ContainerEnd:
    """How one run of the replica's container ended.

    Attributes:
        message: Termination message as the container wrote it.
        termination: The same, when it is the shipped runtime's.
        time: RFC 3339.
    """

    exit_code: int
    reason: str | None
    message: str | None
    termination: contract.Termination | None
    time: str | None


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """That somebody wanted the pod gone while it ran.

    Attributes:
        time: When that was asked for, RFC 3339; None: not known.
        reason: Of the pod's condition DisruptionTarget (Kubernetes 1.36, staging/src/k8s.io/api/core/v1):
            EvictionByEvictionAPI, PreemptionByScheduler, DeletionByTaintManager, DeletionByPodGC,
            TerminationByKubelet; NodeLost; None: deleted without a reason.
        message: More about the reason.
    """

    time: str | None
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReplicaView:
    """One replica.

    Attributes:
        name: `chief-0`, `worker-1`.
        state: Pending, Running, Restarting, Succeeded, Failed, Terminating; Missing: it has no pod;
            Deleted: it has none any more, since the job is over; Suspended: it has none, as the job is.
        restarts: Restarts of its container in this pod.
        recreated: How often its pod was made anew, as far as events tell: they are kept for an hour.
        end: End of the newest run, when it has ended.
        last_end: End of the run before, when the container was restarted in place.
        reason: Why it waits, or Kubernetes' word for its end: Unschedulable, ImagePullBackOff, OOMKilled, ...
        message: More about the reason.
        run: Changes whenever there may be new log lines: with each container run, and with its end when
            another is to come; None before the first run.
        gpus: GPUs that it claims.
        started: When the newest run began, RFC 3339.
        selector: Labels that its node must have.
        deletion: Somebody wanted its pod gone; None: nobody.
    """

    name: str
    pod: port.PodRef
    state: str
    restarts: int = 0
    recreated: int = 0
    end: ContainerEnd | None = None
    last_end: ContainerEnd | None = None
    reason: str | None = None
    message: str | None = None
    run: str | None = None
    node: str | None = None
    gpus: int = 0
    started: str | None = None
    selector: Mapping[str, str] = field(default_factory=dict[str, str])
    deletion: Deletion | None = None

    @property
    def exit_code(self) -> int | None:
        """Exit code of the newest run; None while it goes on."""
        return self.end.exit_code if self.end else None

    @property
    def has_pod(self) -> bool:
        """Its pod is there."""
        return self.state not in {"Missing", "Deleted", "Suspended"}

    @property
    def is_waiting(self) -> bool:
        """It has not begun and something may hold it up."""
        return self.state in {"Pending", "Restarting"}


def replica_of(pod: port.Object, job: port.JobRef) -> ReplicaView:
    """The replica of a pod as an API server returns it."""
    metadata, status, spec = pod["metadata"], part(pod, "status"), part(pod, "spec")
    labels = part(metadata, "labels")
    role, index = labels.get(port.REPLICA_TYPE_LABEL, "worker"), int(labels.get(port.REPLICA_INDEX_LABEL, 0))
    container = _container_status(status)
    state, last = part(container, "state"), part(container, "lastState", "terminated")
    run = part(state, "running") or part(state, "terminated") or last
    reason, message = _why(status, state)
    return ReplicaView(
        name=f"{role}-{index}",
        pod=port.PodRef(job=job, role=role, index=index),
        state=_state(metadata, status, container),
        restarts=container.get("restartCount", 0),
        end=_end(part(state, "terminated")),
        last_end=_end(last),
        reason=reason,
        message=message,
        run=_run_identity(metadata, container, state) if run else None,
        node=spec.get("nodeName"),
        gpus=count_gpus(spec),
        started=run.get("startedAt"),
        selector=part(spec, "nodeSelector"),
        deletion=_deletion(metadata, status),
    )


def gone_replica(pod: port.Object, job: port.JobRef) -> ReplicaView:
    """The replica of a pod that is gone, by what it was last."""
    replica = replica_of(pod, job)
    return replica if replica.state in _PHASES_OF_AN_END else replace(replica, state="Deleted")


def missing_replica(pod: port.PodRef, *, gpus: int, state: str) -> ReplicaView:
    """A replica that the spec asks for and that has no pod: Missing, Deleted or Suspended."""
    return ReplicaView(name=f"{pod.role}-{pod.index}", pod=pod, state=state, gpus=gpus)


def count_gpus(pod_spec: port.Object) -> int:
    """GPUs (or MIG slices) in the limits of all containers of a pod spec."""
    total = 0
    for container in items(pod_spec, "containers"):
        for resource, count in part(container, "resources", "limits").items():
            vendor, _, kind = resource.partition("/")
            if kind.startswith(("gpu", "mig-")) and "." in vendor:
                total += int(count)
    return total


def part(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The object inside an object; empty where the server wrote none."""
    inner: Any = data
    for key in keys:
        inner = inner.get(key) or {}
    return inner


def items(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The list of objects inside an object; empty where the server wrote none."""
    return data.get(key) or []


def _run_identity(metadata: dict[str, Any], container: dict[str, Any], state: dict[str, Any]) -> str:
    waits = "/waiting" if "waiting" in state else ""
    return f"{metadata.get('uid', metadata['name'])}/{container.get('restartCount', 0)}{waits}"


def _container_status(status: dict[str, Any]) -> dict[str, Any]:
    statuses = items(status, "containerStatuses")
    named = [s for s in statuses if s.get("name") == contract.CONTAINER_NAME]
    return (named or statuses or [{}])[0]


def _state(metadata: dict[str, Any], status: dict[str, Any], container: dict[str, Any]) -> str:
    state, phase = part(container, "state"), status.get("phase", "Pending")
    if "terminated" in state:
        return "Succeeded" if state["terminated"].get("exitCode") == 0 and phase != "Failed" else "Failed"
    if phase in _PHASES_OF_AN_END:
        return phase
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    if "running" in state:
        return "Running"
    return "Restarting" if part(container, "lastState") else "Pending"


def _why(status: dict[str, Any], state: dict[str, Any]) -> tuple[str | None, str | None]:
    waiting, terminated = part(state, "waiting"), part(state, "terminated")
    if waiting.get("reason"):
        return waiting["reason"], _first_line(waiting.get("message"))
    if terminated.get("reason"):
        return terminated["reason"], None
    if status.get("reason"):
        return status["reason"], status.get("message")
    for condition in items(status, "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return condition.get("reason"), condition.get("message")
    return None, None


def _deletion(metadata: dict[str, Any], status: dict[str, Any]) -> Deletion | None:
    targets = [c for c in items(status, "conditions") if c.get("type") == "DisruptionTarget"]
    target = targets[0] if targets else dict[str, Any]()
    due = metadata.get("deletionTimestamp")
    if not due and target.get("status") != "True":
        return None
    reason, message = target.get("reason"), target.get("message")
    if status.get("reason") == "NodeLost":
        reason, message = "NodeLost", status.get("message")
    asked = target.get("lastTransitionTime") or _asked(due, metadata.get("deletionGracePeriodSeconds"))
    return Deletion(time=asked, reason=reason, message=message)


def _asked(due: str | None, grace_seconds: int | None) -> str | None:
    """A pod's deletionTimestamp is when its grace period will have passed."""
    if due is None:
        return None
    time = datetime.fromisoformat(due) - timedelta(seconds=grace_seconds or 0)
    return time.isoformat().replace("+00:00", "Z")


def _first_line(text: str | None) -> str | None:
    return text.strip().splitlines()[0] if text and text.strip() else None


def _end(terminated: dict[str, Any]) -> ContainerEnd | None:
    if not terminated:
        return None
    message = terminated.get("message")
    return ContainerEnd(
        exit_code=terminated.get("exitCode", 0),
        reason=terminated.get("reason"),
        message=message,
        termination=contract.Termination.from_json(message) if message else None,
        time=terminated.get("finishedAt"),
    )
