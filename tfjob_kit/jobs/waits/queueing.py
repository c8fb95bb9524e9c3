"""What Kueue says about a job in its queue, as far as the job's own events tell.

Kueue 0.19 (pkg/controller/jobframework/reconciler.go) writes on the job when it makes the Workload, when the
job is admitted and when it is stopped. Why a Workload is pending, and its position, stand on the Workload.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfjob_kit.jobs.view import EventView
from tfjob_kit.jobs.waits.wait import Reason

__all__ = ["reason_of_queue"]

_TOLD = {"Stopped", "ErrWorkloadCompose", "UpdatedAdmissionCheck", "Preempted", "Pending", "Inadmissible"}
_CREATED = "CreatedWorkload"


def reason_of_queue(queue: str, events: Sequence[EventView]) -> Reason:
    """Why a job with a queue is suspended.

    Args:
        queue: The LocalQueue.
        events: About the job, oldest first.
    """
    told = [event for event in events if event.reason in _TOLD]
    made = [event.message for event in events if event.reason == _CREATED]
    detail = f": {told[-1].message}" if told else ""
    name = made[-1].rsplit("/", 1)[-1].strip() if made else ""
    fix = f"`kubectl describe workload {name}` has its place and what it waits for" if name else None
    if not made:
        fix = f"is there such a queue (`kubectl get lq {queue}`), and does Kueue look after TFJobs?"
    return Reason(kind="queued", why=f"it is in the queue {queue} and not admitted yet{detail}", fix=fix)
