"""Where a job stands in its Kueue queue: what Workloads, LocalQueues and the visibility API say.

Kueue 0.9 to 0.14 serves `v1beta1` of both groups, 0.15 to 0.19 `v1beta2` as well (config/components/crd,
apis/visibility): the newer one is asked for first, the older one when the server does not know it. Each
question is one short call, and each may go without an answer: Kueue is not installed, its visibility server
is off or away, or the caller may not ask. Conditions and their reasons as in Kueue 0.19.2,
apis/kueue/v1beta2/workload_types.go and pkg/controller/core/localqueue_controller.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls.api import Api
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import Resource
from tfjob_kit.cluster.port import Object, QueuePlace
from tfjob_kit.cluster.rules.objects import items, part

__all__ = ["read_place"]

_KUEUE, _VISIBILITY = "kueue.x-k8s.io", "visibility.kueue.x-k8s.io"
_VERSIONS = ("v1beta2", "v1beta1")
_UID_LABEL = "kueue.x-k8s.io/job-uid"
_MOST = 500
"""A job has one Workload at a time, and few over its life; a namespace has few LocalQueues."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """Objects; None: no answer.

    Attributes:
        is_unknown: The server does not know what was asked for.
    """

    objects: list[Object] | None
    is_unknown: bool = False


def read_place(api: Api, namespace: str, *, uid: str, queue: str) -> QueuePlace | None:
    """The job's place as far as it can be read; None: nothing of it can."""
    workloads = _list(api, namespace, "workloads", query={"labelSelector": f"{_UID_LABEL}={uid}"})
    place = _of_workloads(workloads.objects)
    if place.standing in {"waiting", "unknown"} and not workloads.is_unknown:
        place = _with_position(place, _pending(api, namespace, queue), uid=uid)
    if place.standing in {"untaken", "waiting", "unknown"} and place.position is None:
        queues = _list(api, namespace, "localqueues")
        if workloads.is_unknown and queues.is_unknown:
            return replace(place, fault="no_system")
        place = _with_queue(place, queues.objects, queue)
    is_silent = place.standing == "unknown" and place.position is None and place.fault is None
    return None if is_silent else place


def _list(api: Api, namespace: str, plural: str, *, query: dict[str, str] | None = None) -> _Answer:
    resource = Resource(group=_KUEUE, version="", plural=plural, kind=plural)
    call = Call(
        verb="list", resource=resource, namespace=namespace, query={**(query or {}), "limit": str(_MOST)}
    )
    return _ask(api, call)


def _pending(api: Api, namespace: str, queue: str) -> list[Object] | None:
    """The first thousand that wait in the queue, in its order (Kueue 0.19, pkg/visibility/storage)."""
    resource = Resource(group=_VISIBILITY, version="", plural="localqueues", kind="LocalQueue")
    call = Call(verb="get", resource=resource, namespace=namespace, name=queue, part="pendingworkloads")
    return _ask(api, call).objects


def _ask(api: Api, call: Call) -> _Answer:
    """In the newest version that the server knows."""
    for version in _VERSIONS:
        try:
            found = api.glance(replace(call, resource=replace(call.resource, version=version)))
        except errors.ClusterError as error:
            if not error.is_absent:
                return _Answer(objects=None)
        else:
            return _Answer(objects=items(found, "items"))
    return _Answer(objects=None, is_unknown=True)


def _of_workloads(workloads: Sequence[Object] | None) -> QueuePlace:
    if workloads is None:
        return QueuePlace(standing="unknown")
    live = [workload for workload in workloads if not _is_true(workload, "Finished")]
    if not live:
        return QueuePlace(standing="untaken")
    return _of_workload(max(live, key=lambda w: str(part(w, "metadata").get("creationTimestamp", ""))))


def _of_workload(workload: Object) -> QueuePlace:
    evicted = _condition(workload, "Evicted") if _is_true(workload, "Evicted") else {}
    place = QueuePlace(
        standing="waiting",
        workload=part(workload, "metadata").get("name"),
        eviction=evicted.get("reason"),
        eviction_message=evicted.get("message"),
        back_at=part(workload, "status", "requeueState").get("requeueAt"),
    )
    if part(workload, "spec").get("active") is False:
        target = evicted or _condition(workload, "DeactivationTarget")
        return replace(place, standing="inactive", reason=target.get("reason"), message=target.get("message"))
    if not evicted and _is_true(workload, "Admitted"):
        return replace(place, standing="admitted")
    if not evicted and _is_true(workload, "QuotaReserved"):
        return replace(place, standing="checked", message=_checks(workload))
    quota = _condition(workload, "QuotaReserved")
    if quota.get("status") != "False":  # while it is being stopped it still has its quota
        return place
    return replace(place, reason=quota.get("reason"), message=quota.get("message"))


def _checks(workload: Object) -> str | None:
    """`provisioning (waiting for 4 nodes), budget`: AdmissionChecks that are not Ready."""
    open_ = [check for check in items(workload, "status", "admissionChecks") if check.get("state") != "Ready"]
    words = [
        f"{check.get('name')} ({check['message']})" if check.get("message") else str(check.get("name"))
        for check in open_
    ]
    return ", ".join(words) or None


def _with_position(place: QueuePlace, pending: Sequence[Object] | None, *, uid: str) -> QueuePlace:
    """With the job's position, found by its uid, or by its Workload's name."""
    if pending is None:
        return place
    place = replace(place, length=len(pending))
    for entry in pending:
        owners = {owner.get("uid") for owner in items(entry, "metadata", "ownerReferences")}
        if uid in owners or part(entry, "metadata").get("name") == place.workload:
            return replace(
                place,
                position=int(entry.get("positionInLocalQueue", 0)) + 1,
                cluster_position=int(entry.get("positionInClusterQueue", 0)) + 1,
            )
    return place


def _with_queue(place: QueuePlace, queues: Sequence[Object] | None, queue: str) -> QueuePlace:
    """With what is wrong with the queue itself."""
    if queues is None:
        return place
    names = {str(part(one, "metadata").get("name")): one for one in queues}
    if queue not in names:
        return replace(place, fault="missing", queues=tuple(sorted(names)))
    place = replace(place, cluster_queue=part(names[queue], "spec").get("clusterQueue"))
    active = _condition(names[queue], "Active")
    if active.get("status") != "False":
        return place
    match active.get("reason"):
        case "Stopped":
            return replace(place, fault="stopped")
        case "ClusterQueueDoesNotExist":
            return replace(place, fault="no_cluster_queue")
        case _:
            return replace(place, fault="inactive")


def _is_true(thing: Object, type_: str) -> bool:
    return _condition(thing, type_).get("status") == "True"


def _condition(thing: Object, type_: str) -> Object:
    """Empty where there is none."""
    return {c.get("type"): c for c in items(thing, "status", "conditions")}.get(type_, {})
