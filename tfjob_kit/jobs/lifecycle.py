"""List, cancel, wait: the verbs that need no stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.view import JobView, build_view

__all__ = ["cancel_job", "list_jobs", "wait_for"]


def list_jobs(
    cluster: port.Cluster,
    *,
    namespace: str | None,
    selector: str | None = None,
    states: Collection[str] = (),
) -> tuple[JobView, ...]:
    """Jobs of a namespace, oldest first, without pods, events and progress.

    Args:
        cluster: The engine.
        namespace: None: all.
        selector: As kubectl's `-l`, equality only.
        states: Only jobs in one of these states; empty: in any.
    """
    views = [build_view(job) for job in cluster.list(namespace=namespace, selector=selector)]
    return tuple(view for view in views if not states or view.state in states)


def cancel_job(cluster: port.Cluster, ref: port.JobRef) -> None:
    """Deletes the job and its pods. Raises JobNotFound."""
    cluster.delete(ref)


def wait_for(
    cluster: port.Cluster, ref: port.JobRef, *, until: Callable[[JobView], bool], stop: threading.Event
) -> JobView | None:
    """The job as soon as `until` holds for it, or when it never will again (finished).

    Args:
        cluster: The engine.
        ref: The job.
        until: Asked with each change of the job; the view has no pods, events or progress.
        stop: Ends the wait from outside, e.g. when time is up.

    Returns:
        The view, without pods, or None when `stop` was set first.

    Raises:
        JobNotFound: No job of that name.
        JobCancelled: The job was deleted while waited for.
    """
    cluster.get(ref)
    for change in cluster.watch(namespace=ref.namespace, name=ref.name, stop=stop):
        if change.kind == "TFJob":
            view = _view_of(change, ref)
            if until(view) or view.is_finished:
                return view
    return None


def _view_of(change: port.Change, ref: port.JobRef) -> JobView:
    if change.type == "DELETED":
        raise errors.JobCancelled(f"{ref.name} was deleted while waited for")
    return build_view(change.object)
