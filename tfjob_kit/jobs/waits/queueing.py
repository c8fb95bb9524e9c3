"""What Kueue says about a job in its queue: its place and what it waits for, else what its events tell.

Sentences as Kueue 0.19 writes them: pkg/scheduler/flavorassigner/flavorassigner.go (no quota),
pkg/scheduler/preemption/preemption.go (preempted), pkg/controller/jobframework/reconciler.go (events on the
job, when the Workload is made and when the job is stopped).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfjob_kit.cluster import port
from tfjob_kit.jobs.view import EventView
from tfjob_kit.jobs.waits.wait import Reason

__all__ = ["reason_of_queue"]

_TOLD = {"Stopped", "ErrWorkloadCompose", "UpdatedAdmissionCheck", "Preempted", "Pending", "Inadmissible"}
_CREATED = "CreatedWorkload"
_PREEMPTED = re.compile(r"due to (?P<why>[^;]+)")
_TOO_LARGE = re.compile(r"> maximum capacity|ExceedsMaxQuota")
_LONGEST = 400


def reason_of_queue(queue: str, events: Sequence[EventView], place: port.QueuePlace | None = None) -> Reason:
    """Why a job with a queue has no pods.

    Args:
        queue: The LocalQueue.
        events: About the job, oldest first.
        place: What is known of its place.
    """
    told = [event for event in events if event.reason in _TOLD]
    if place is None or (place.standing == "untaken" and place.fault is None and told):
        return _of_events(queue, events, told)
    why, fix = _of_fault(queue, place) if place.fault else _of_standing(queue, place)
    return Reason(kind="queued", why=f"{_eviction(place)}{why}", fix=fix)


def _of_events(queue: str, events: Sequence[EventView], told: Sequence[EventView]) -> Reason:
    made = [event.message for event in events if event.reason == _CREATED]
    detail = f": {told[-1].message}" if told else ""
    name = made[-1].rsplit("/", 1)[-1].strip() if made else ""
    fix = f"`kubectl describe workload {name}` has its place and what it waits for" if name else None
    if not made:
        fix = f"is there such a queue (`kubectl get lq {queue}`), and does Kueue look after TFJobs?"
    return Reason(kind="queued", why=f"it is in the queue {queue} and not admitted yet{detail}", fix=fix)


def _of_fault(queue: str, place: port.QueuePlace) -> tuple[str, str]:
    pool = place.cluster_queue or "its cluster queue"
    match place.fault:
        case "no_system":
            why = f"it asks for the queue {queue}, and this cluster has no Kueue"
            fix = "without `job.queue` it starts at once; whoever runs the cluster can install Kueue"
        case "missing":
            there = f": there are {', '.join(place.queues)}" if place.queues else ", nor any other"
            why = f"there is no queue {queue} in its namespace{there}"
            fix = "`job.queue` takes the name of a LocalQueue of the namespace; " + (
                f"run it again with one of {', '.join(place.queues)}"
                if place.queues
                else f"whoever runs the cluster can make `{queue}`"
            )
        case "stopped":
            why = f"the queue {queue} is stopped"
            fix = f"whoever runs it starts it again: `stopPolicy: None` in the LocalQueue `{queue}`"
        case "no_cluster_queue":
            why = f"the queue {queue} leads to the cluster queue {pool}, which is not there"
            fix = f"whoever runs the cluster can make the ClusterQueue `{pool}`; or take another `job.queue`"
        case _:
            why = f"the cluster queue {pool}, where the queue {queue} leads, is not in order"
            fix = f"`kubectl describe clusterqueue {pool}` says why"
    return why, fix


def _of_standing(queue: str, place: port.QueuePlace) -> tuple[str, str | None]:
    match place.standing:
        case "untaken":
            why = f"it is in the queue {queue}, and Kueue has not taken it up"
            return why, (
                "does Kueue look after TFJobs? `kubeflow.org/tfjob` has to be among "
                "`integrations.frameworks` of its configuration"
            )
        case "admitted":
            return f"the queue {queue} has admitted it, and it is about to start", None
        case "checked":
            checks = place.message or "its admission checks"
            return f"it has its quota in the queue {queue} and waits for {_clean(checks)}", None
        case "inactive":
            patch = """--type merge -p '{"spec":{"active":true}}'"""
            detail = f": {_clean(place.message)}" if place.message and not place.eviction else ""
            why = f"it is kept out of the queue {queue} until somebody puts it back{detail}"
            return why, f"`kubectl patch workload {place.workload} {patch}` puts it back"
        case _:
            return _of_waiting(queue, place)


def _of_waiting(queue: str, place: port.QueuePlace) -> tuple[str, str | None]:
    detail = f": {_clean(place.message)}" if place.message else ""
    if place.back_at is not None and place.position is None:
        detail += f"; it goes back into the queue at {place.back_at}"
    where = f"it is in the queue {queue} and not admitted yet"
    if place.position is not None:
        in_all = place.cluster_position
        of_all = f" ({in_all} in the cluster queue)" if in_all not in (None, place.position) else ""
        where = f"number {place.position} in the queue {queue}{of_all}"
    fix = f"`kubectl describe workload {place.workload}` says more" if place.workload else None
    if _TOO_LARGE.search(f"{place.reason} {place.message}"):
        fix = "the queue can never give so much: ask for less, or choose another `job.queue`"
    return f"{where}{detail}", fix


def _eviction(place: port.QueuePlace) -> str:
    """`it was preempted (...); `: why a job that had been let in waits again."""
    message = _clean(place.eviction_message or "")
    if place.eviction is None:
        return ""
    if place.eviction == "Preempted":
        found = _PREEMPTED.search(message)
        return f"it was preempted ({found['why'].strip()}); " if found else "it was preempted; "
    return f"it was stopped: {message or place.eviction}; "


def _clean(text: str) -> str:
    """One line of bearable length without its full stop."""
    words = " ".join(text.split()).rstrip(".")
    return words if len(words) <= _LONGEST else words[:_LONGEST].rstrip() + " ..."
