"""`suspend` and `resume`: a job without pods that goes on later.

Owns the conditions under which a job may be suspended and resumed, and what is written into it. The step that
the chief saved on the way is kept in an annotation, since the pod that said it is gone when it is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.pods_gone import LastWords, wait_until_gone
from tfjob_kit.jobs.replica_view import part
from tfjob_kit.jobs.view import RESIZING_ANNOTATION, JobView, build_view

__all__ = [
    "GONE_NOTES",
    "RESIZING_ANNOTATION",
    "SAVED_STEP_ANNOTATION",
    "check_pausable",
    "is_asked_to_suspend",
    "resume_job",
    "saved_step",
    "suspend_job",
    "wait_for_rest",
]

SAVED_STEP_ANNOTATION = "tfjob-kit/saved-step"
"""Step that the chief saved when the job was suspended; removed when it is resumed."""
GONE_NOTES: port.Object = {SAVED_STEP_ANNOTATION: None, RESIZING_ANNOTATION: None}
"""Patch of the annotations of a job that is resumed."""


def suspend_job(cluster: port.Cluster, ref: port.JobRef) -> bool:
    """Asks for the job's suspension; False when that has been asked before.

    Raises:
        JobNotFound: No job of that name.
        RefusedError: It is finished, or a queue decides when it runs.
    """
    job = cluster.get(ref)
    check_pausable(build_view(job), verb="suspend")
    if is_asked_to_suspend(job):
        return False
    cluster.patch(ref, {"spec": {"runPolicy": {"suspend": True}}})
    return True


def wait_for_rest(
    cluster: port.Cluster,
    ref: port.JobRef,
    *,
    stop: threading.Event,
    begin: Callable[[], object] | None = None,
) -> LastWords | None:
    """Waits until a suspended job's pods are gone and notes the step that was saved; None when stopped.

    Args:
        cluster: The engine.
        ref: The job.
        stop: Ends the wait from outside.
        begin: Asks for the suspension, when its pods are watched already; None: it has been asked for.

    Raises:
        JobCancelled: It was deleted or resumed meanwhile.
    """
    words = wait_until_gone(cluster, ref, stop=stop, begin=begin)
    if words is not None and words.saved_step is not None:
        cluster.patch(ref, {"metadata": {"annotations": {SAVED_STEP_ANNOTATION: str(words.saved_step)}}})
    return words


def resume_job(cluster: port.Cluster, ref: port.JobRef, *, stop: threading.Event) -> bool | None:
    """Lets a suspended job go on once its old pods are gone.

    Returns:
        False when it was not suspended; None when `stop` was set first, and it stays suspended.

    Raises:
        JobNotFound: No job of that name.
        RefusedError: It is finished, or a queue decides when it runs.
        JobCancelled: It was deleted or resumed while its pods were waited for.
    """
    job = cluster.get(ref)
    check_pausable(build_view(job), verb="resume")
    if not is_asked_to_suspend(job):
        return False
    if wait_until_gone(cluster, ref, stop=stop) is None:
        return None
    cluster.patch(ref, {"metadata": {"annotations": GONE_NOTES}, "spec": {"runPolicy": {"suspend": False}}})
    return True


def check_pausable(view: JobView, *, verb: str) -> None:
    """Raises RefusedError for a job that is finished or that a queue suspends and resumes."""
    name = view.ref.name
    if view.is_finished:
        way_out = (
            f"`tfjob-kit retry {name}` goes on from its last checkpoint"
            if view.state == "Failed"
            else f"`tfjob-kit status {name}` shows what came of it"
        )
        raise errors.RefusedError(f"{name} has {view.state}: there is nothing to {verb}", hint=way_out)
    if view.is_incomplete:
        raise errors.RefusedError(
            f"{name} is not complete: the command that submitted it was cut off",
            hint=f"the same `tfjob-kit run` with --name {name} completes it; "
            f"`tfjob-kit cancel {name}` removes it",
        )
    if view.queue is not None:
        raise errors.RefusedError(
            f"the queue {view.queue} decides when {name} runs: Kueue would undo a {verb}",
            hint=f"`tfjob-kit cancel {name}` ends it; without `job.queue` it is yours to {verb}",
        )


def is_asked_to_suspend(job: port.Object) -> bool:
    """Whether the job is to have no pods; it may still have some that are ending."""
    return bool(part(job, "spec", "runPolicy").get("suspend"))


def saved_step(job: port.Object) -> int | None:
    """Step from which a suspended job goes on, when its chief said so."""
    text = part(job, "metadata", "annotations").get(SAVED_STEP_ANNOTATION, "")
    return int(text) if text.isdigit() else None
