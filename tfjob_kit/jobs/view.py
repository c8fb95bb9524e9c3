"""A TFJob, its pods and its events, read once into a value.

Owns the meaning of what the API server says: the one state of a job out of its conditions, the replicas
that its spec asks for, whether they are there. Must not know how a verdict is reached (`diagnosis`) or shown
(`cli`). With `replica_view`, the only reader of Kubernetes field names; rules as in
training-operator v1.9.4, pkg/controller.v1/tensorflow/tfjob_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tfjob_kit import contract, errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.replica_view import (
    ReplicaView,
    count_gpus,
    gone_replica,
    items,
    missing_replica,
    part,
    replica_of,
)

__all__ = ["RESIZING_ANNOTATION", "EventView", "JobView", "build_view", "read_job", "read_progress"]

RESIZING_ANNOTATION = "tfjob-kit/resizing"
"""On a job that a resize has suspended, until it is resumed: a resize that was interrupted can be told from a
suspension that the user asked for."""
_ROLE_ORDER = ("chief", "master", "worker", "ps", "evaluator")
_ENDS = ("Succeeded", "Failed")
_ABSENT = {"Succeeded": "Deleted", "Failed": "Deleted", "Suspended": "Suspended"}
"""What a replica without a pod is called in a job of that state; in others Missing."""
_PROGRESS_TAIL = 200


@dataclass(frozen=True, kw_only=True)
class EventView:
    """One event about the job or one of its pods.

    Attributes:
        time: RFC 3339, of its newest occurrence.
        about: `chief-0`, or the job's name.
    """

    time: str
    type: str
    reason: str
    message: str
    about: str
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job as it is now.

    Attributes:
        state: Pending (not taken up yet), Created, Running, Restarting, Suspended, Succeeded or Failed: the
            newest condition that is True, but Failed whenever that is True, and Suspended only while the spec
            asks for it.
        both_ends: Succeeded and Failed are both True: they fell into one reconcile.
        replicas: All that the spec asks for, by role and index, chief first; state Missing where no pod is.
        created: When the job was stored, RFC 3339.
        started: When the operator took it up, or resumed it.
        finished: When it reached Succeeded or Failed.
        gpus: GPUs of the whole job.
        progress: Values of the newest progress line; empty before the first.
        restart_policy: Of the first role.
        queue: Kueue queue that may suspend and resume the job.
        is_runtime: Its replicas run the shipped runtime, not a user's own command.
        memory: Memory limit of a replica, as the manifest writes it.
        is_resizing: A resize has suspended it and will resume it.
        is_incomplete: Its launcher has not got to its end: what the job owns is not all there.
        withheld: What could not be read for want of rights: `events`.
        place: Where it stands in its queue, while it stands there and as far as that is known.
    """

    ref: port.JobRef
    uid: str
    state: str
    reason: str | None = None
    message: str | None = None
    both_ends: bool = False
    is_deleting: bool = False
    replicas: tuple[ReplicaView, ...] = ()
    events: tuple[EventView, ...] = ()
    progress: Mapping[str, Any]
    created: str | None = None
    started: str | None = None
    finished: str | None = None
    gpus: int = 0
    restart_policy: str | None = None
    deadline_seconds: int | None = None
    backoff_limit: int | None = None
    queue: str | None = None
    is_runtime: bool = False
    memory: str | None = None
    is_resizing: bool = False
    is_incomplete: bool = False
    withheld: tuple[str, ...] = ()
    place: port.QueuePlace | None = None

    @property
    def is_finished(self) -> bool:
        """It will never run again."""
        return self.state in _ENDS

    @property
    def is_parked(self) -> bool:
        """It is suspended, and neither a queue nor a resize will resume it."""
        return self.state == "Suspended" and self.queue is None and not self.is_resizing

    @property
    def is_queued(self) -> bool:
        """It has a queue that has suspended it, or that has not got to it."""
        if self.queue is None or self.is_finished or self.is_deleting:
            return False
        is_new = self.state == "Pending" and not any(replica.has_pod for replica in self.replicas)
        return is_new or self.state == "Suspended"

    @property
    def leader(self) -> ReplicaView | None:
        """The replica that prints progress and writes checkpoints: the chief, else worker-0."""
        return self.replicas[0] if self.replicas else None


def read_job(cluster: port.Cluster, ref: port.JobRef) -> JobView:
    """The job with pods, events, progress and place in its queue; what may not be read of these is left out.

    Raises:
        JobNotFound: No job of that name.
    """
    job, pods, withheld = cluster.get(ref), cluster.pods(ref), ()
    try:
        events = cluster.events(ref)
    except errors.NotAllowed:
        events, withheld = [], ("events",)
    view = build_view(job, pods=pods, events=events)
    if view.queue and view.is_queued:
        view = replace(view, place=cluster.queue_place(ref, uid=view.uid, queue=view.queue))
    return replace(view, progress=read_progress(cluster, view), withheld=withheld)


def build_view(
    job: port.Object,
    *,
    pods: Iterable[port.Object] = (),
    gone: Iterable[port.Object] = (),
    events: Iterable[port.Object] = (),
) -> JobView:
    """The view of objects as an API server returns them; without progress, which stands in the logs.

    Args:
        job: The TFJob.
        pods: Those that are there.
        gone: Pods that were there, as they were last; of those that have a successor nothing is kept.
        events: About the job and its pods.
    """
    metadata, spec, status = job["metadata"], part(job, "spec"), part(job, "status")
    ref = port.JobRef(namespace=metadata["namespace"], name=metadata["name"])
    policy, roles = part(spec, "runPolicy"), _roles(spec)
    true = {c["type"]: c for c in items(status, "conditions") if c.get("status") == "True"}
    if not policy.get("suspend"):
        true.pop("Suspended", None)  # resumed, and the operator has not got to it yet
    newest = part(true, "Failed") or (list(true.values())[-1] if true else {})
    absent = _ABSENT.get(newest.get("type", ""), "Missing")
    told = tuple(_event(e, ref) for e in events)
    container = _container(roles)
    return JobView(
        ref=ref,
        uid=metadata.get("uid", ""),
        state=newest.get("type", "Pending"),
        reason=newest.get("reason"),
        message=newest.get("message"),
        both_ends="Failed" in true and "Succeeded" in true,
        is_deleting="deletionTimestamp" in metadata,
        replicas=_recreated(_replicas(ref, roles, pods, gone=gone, absent=absent), told),
        events=told,
        progress={},
        created=metadata.get("creationTimestamp"),
        started=status.get("startTime"),
        finished=_finished(newest, status),
        gpus=sum(_gpus_of(role) * role.get("replicas", 1) for role in roles.values()),
        restart_policy=next((r.get("restartPolicy") for r in roles.values()), None),
        deadline_seconds=policy.get("activeDeadlineSeconds"),
        backoff_limit=policy.get("backoffLimit"),
        queue=part(metadata, "labels").get(port.QUEUE_LABEL),
        is_runtime=contract.RUNTIME_MODULE in (container.get("command") or []),
        memory=part(container, "resources", "limits").get("memory"),
        is_resizing=RESIZING_ANNOTATION in part(metadata, "annotations"),
        is_incomplete=port.INCOMPLETE_ANNOTATION in part(metadata, "annotations"),
    )


def read_progress(cluster: port.Cluster, view: JobView) -> Mapping[str, Any]:
    """Values of the leader's newest progress line, later values of a key over earlier; empty without one."""
    if view.leader is None or view.leader.run is None:
        return {}
    try:
        entries = list(cluster.logs(view.leader.pod, tail=_PROGRESS_TAIL))
    except errors.ClusterError:
        return {}
    values: dict[str, Any] = {}
    for entry in entries:
        values |= contract.parse_progress(entry.text) or {}
    return values


def _roles(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    roles: dict[str, dict[str, Any]] = part(spec, "tfReplicaSpecs")
    order = {role: rank for rank, role in enumerate(_ROLE_ORDER)}
    return dict(sorted(roles.items(), key=lambda item: order.get(item[0].lower(), len(order))))


def _container(roles: dict[str, dict[str, Any]]) -> dict[str, Any]:
    for role in roles.values():
        for container in items(part(role, "template", "spec"), "containers"):
            if container.get("name") == contract.CONTAINER_NAME:
                return container
    return {}


def _gpus_of(role: dict[str, Any]) -> int:
    return count_gpus(part(role, "template", "spec"))


def _replicas(
    ref: port.JobRef,
    roles: dict[str, dict[str, Any]],
    pods: Iterable[port.Object],
    *,
    gone: Iterable[port.Object],
    absent: str,
) -> tuple[ReplicaView, ...]:
    there = {replica.name: replica for replica in (gone_replica(pod, ref) for pod in gone)}
    there |= {replica.name: replica for replica in (replica_of(pod, ref) for pod in pods)}
    wanted = {
        f"{name.lower()}-{index}": missing_replica(
            port.PodRef(job=ref, role=name.lower(), index=index), gpus=_gpus_of(role), state=absent
        )
        for name, role in roles.items()
        for index in range(role.get("replicas", 1))
    }
    return tuple((wanted | there).values())


def _recreated(replicas: tuple[ReplicaView, ...], events: tuple[EventView, ...]) -> tuple[ReplicaView, ...]:
    """Counts the operator's events: each creation of a pod but the first, and those after resumptions."""
    counts = {e.message: e.count for e in events if e.reason == "SuccessfulCreatePod"}
    resumed = sum(e.count for e in events if e.reason == "TFJobResumed")
    return tuple(
        replace(r, recreated=max(0, counts.get(f"Created pod: {r.pod.name}", 1) - 1 - resumed))
        for r in replicas
    )


def _finished(newest: dict[str, Any], status: dict[str, Any]) -> str | None:
    if newest.get("type") not in _ENDS:
        return None
    return status.get("completionTime") or newest.get("lastTransitionTime")


def _event(event: port.Object, ref: port.JobRef) -> EventView:
    about = part(event, "involvedObject") or part(event, "regarding")
    name: str = about.get("name", ref.name)
    series = part(event, "series")
    time = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
    )
    return EventView(
        time=time or "",
        type=event.get("type", "Normal"),
        reason=event.get("reason", ""),
        message=event.get("message") or event.get("note") or "",
        about=name.removeprefix(f"{ref.name}-") if about.get("kind") == "Pod" else name,
        count=series.get("count") or event.get("count") or 1,
    )
