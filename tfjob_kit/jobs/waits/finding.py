"""All reasons for which a job's replicas wait now."""

from __future__ import annotations

from collections.abc import Sequence

from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.view import EventView, JobView
from tfjob_kit.jobs.waits.queueing import reason_of_queue
from tfjob_kit.jobs.waits.refusals import reason_of_refusal
from tfjob_kit.jobs.waits.scheduling import Asked, reason_of_scheduler
from tfjob_kit.jobs.waits.starting import reason_of_kubelet
from tfjob_kit.jobs.waits.wait import Reason, Wait

__all__ = ["find_waits", "is_untouched"]

_REFUSED = "FailedCreatePod"
_GATED = "SchedulingGated"
_UNPLACED = {"Unschedulable", "SchedulerError", "NotEnoughResources"}
"""Reasons of the condition PodScheduled; the last is Volcano's."""


def find_waits(view: JobView) -> tuple[Wait, ...]:
    """Why replicas wait, one Wait for each reason; those that hold up most replicas first.

    A replica that has just been made and waits for nothing that anybody named is not among them.
    """
    if view.is_finished or view.is_deleting:
        return ()
    if view.queue and view.is_queued:
        reason = reason_of_queue(view.queue, view.events, view.place)
        return (Wait(reason=reason, replicas=(), of=len(view.replicas)),)
    if view.state == "Suspended":
        return ()
    groups: dict[Reason, list[str]] = {}
    for group in _same_plight(view):
        if (reason := _reason(group, view)) is not None:
            groups.setdefault(reason, []).extend(replica.name for replica in group)
    waits = [Wait(reason=r, replicas=tuple(names), of=len(view.replicas)) for r, names in groups.items()]
    return tuple(sorted(waits, key=lambda wait: -len(wait.replicas)))


def is_untouched(view: JobView) -> bool:
    """Nobody has taken the job up: no conditions, no pods, and no event that says why."""
    is_waiting = view.state == "Pending" and not view.is_deleting and view.queue is None
    return is_waiting and not _made(view) and not _refusals(view)


def _made(view: JobView) -> list[ReplicaView]:
    return [replica for replica in view.replicas if replica.has_pod]


def _same_plight(view: JobView) -> list[list[ReplicaView]]:
    """Replicas that wait, together where all that is known of them is the same."""
    groups: dict[tuple[object, ...], list[ReplicaView]] = {}
    for replica in view.replicas:
        if replica.is_waiting or replica.state == "Missing":
            plight = (replica.state, replica.reason, replica.message, replica.gpus, replica.node is None)
            alone = replica.name if replica.node else ""  # a kubelet's events are about one pod
            groups.setdefault((*plight, alone), []).append(replica)
    return list(groups.values())


def _reason(group: Sequence[ReplicaView], view: JobView) -> Reason | None:
    first = group[0]
    if first.state == "Missing":
        refusals = _refusals(view)
        return reason_of_refusal(refusals[-1].message) if refusals else None
    if first.reason == _GATED:
        why = "a scheduling gate holds it back, as Kueue sets one until the job is admitted"
        return Reason(kind="gated", why=why)
    if first.reason in _UNPLACED:
        asked = Asked(
            gpus=first.gpus,
            gpus_in_all=sum(replica.gpus for replica in group),
            memory=view.memory,
            selector=first.selector,
        )
        return reason_of_scheduler(first.message or first.reason or "", asked)
    events = [e for e in view.events if e.about == first.name and e.type == "Warning"]
    return reason_of_kubelet(first, sorted(events, key=lambda event: event.time))


def _refusals(view: JobView) -> list[EventView]:
    """Oldest first."""
    return sorted((e for e in view.events if e.reason == _REFUSED), key=lambda event: event.time)
