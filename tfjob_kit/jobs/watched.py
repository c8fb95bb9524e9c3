"""A job as a watch tells it: the objects seen last, pods that are gone included.

Owns what has been seen, so that a verdict can rest on evidence that the API server no longer has: a deleted
pod leaves nothing behind but a `Killing` event. Keeps one pod for each name and so many events, however long
it watches.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tfjob_kit.cluster import port
from tfjob_kit.jobs.replica_view import part
from tfjob_kit.jobs.view import JobView, build_view

__all__ = ["WatchedJob"]

_MOST_EVENTS = 500
_DELETION = ("deletionTimestamp", "deletionGracePeriodSeconds")


class WatchedJob:
    """The newest object of each kind.

    Attributes:
        view: The job as last seen; once it is over, with pods that are gone as they were last.
        is_deleted: The TFJob has been deleted, or replaced by another of the same name.
    """

    def __init__(self, job: port.Object) -> None:
        self._job = job
        self._pods: dict[str, port.Object] = {}
        self._gone: dict[str, port.Object] = {}
        self._events: dict[str, port.Object] = {}
        self._withheld: tuple[str, ...] = ()
        self._place: port.QueuePlace | None = None
        self.view: JobView = build_view(job)
        self.is_deleted = False

    def take(self, change: port.Change) -> None:
        """Keeps the object of a change."""
        match change.kind:
            case "TFJob":
                self._take_job(change.object, is_gone=change.type == "DELETED")
            case "Pod" if change.type == "DELETED":
                self._lose_pod(change.object)
            case "Pod":
                self._take_pod(change.object)
            case "Event":
                self._take_event(change.object)
            case _:
                self._withheld = tuple(change.object.get("withheld") or ())
        self._look()

    def take_pods(self, pods: Iterable[port.Object]) -> None:
        """Keeps pods read outside the watch, which may lag behind the job."""
        for pod in pods:
            self._take_pod(pod)
        self._look()

    def take_place(self, place: port.QueuePlace | None) -> None:
        """Keeps where the job stands in its queue, until it leaves it; None tells nothing new."""
        if place is not None:
            self._place = place
            self._look()

    def _take_job(self, job: port.Object, *, is_gone: bool) -> None:
        is_another = build_view(job).uid != self.view.uid
        self.is_deleted = self.is_deleted or is_gone or is_another
        if not is_another:
            self._job = job

    def _take_pod(self, pod: port.Object) -> None:
        name = _name(pod)
        known = self._pods.get(name)
        if known is not None and _is_older(pod, known):
            return
        self._pods[name] = pod if known is None else _with_first_deletion(pod, known)
        self._gone.pop(name, None)

    def _lose_pod(self, pod: port.Object) -> None:
        name = _name(pod)
        known = self._pods.get(name)
        if known is None:
            self._gone[name] = pod
        elif known["metadata"].get("uid") == pod["metadata"].get("uid"):
            self._gone[name] = _with_first_deletion(pod, known)
            del self._pods[name]

    def _take_event(self, event: port.Object) -> None:
        self._events.pop(_name(event), None)
        self._events[_name(event)] = event
        for name in list(itertools.islice(self._events, max(0, len(self._events) - _MOST_EVENTS))):
            del self._events[name]

    def _look(self) -> None:
        view = build_view(self._job, pods=self._pods.values(), events=self._events.values())
        if view.is_finished or self.is_deleted:
            view = build_view(
                self._job, pods=self._pods.values(), gone=self._gone.values(), events=self._events.values()
            )
        if not view.is_queued:
            self._place = None
        self.view = replace(view, withheld=self._withheld, place=self._place)


def _is_older(pod: port.Object, known: port.Object) -> bool:
    """A list that was read outside the watch may be ahead of it."""
    new, old = pod["metadata"], known["metadata"]
    if new.get("uid") != old.get("uid"):
        return False
    versions = (str(new.get("resourceVersion", "")), str(old.get("resourceVersion", "")))
    return all(version.isdecimal() for version in versions) and int(versions[0]) < int(versions[1])


def _with_first_deletion(pod: port.Object, known: port.Object) -> port.Object:
    """When the deletion was asked for first: the kubelet's own, at the end of the grace period, is later."""
    first = part(known, "metadata")
    if "deletionTimestamp" not in first or first.get("uid") != pod["metadata"].get("uid"):
        return pod
    kept: dict[str, Any] = {key: first[key] for key in _DELETION if key in first}
    return {**pod, "metadata": {**pod["metadata"], **kept}}


def _name(item: port.Object) -> str:
    return item["metadata"]["name"]
