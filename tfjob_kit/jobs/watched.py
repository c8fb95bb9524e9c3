"""A job as a watch tells it: the objects seen last, pods that are gone included.

Owns what has been seen, so that a verdict can rest on evidence that the API server no longer has: a deleted
pod leaves nothing behind but a `Killing` event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from tfjob_kit.cluster import port
from tfjob_kit.jobs.events import Event, Notice, ReplicaChanged, StateChanged
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.view import JobView, build_view

__all__ = ["WatchedJob"]

_ENDED = {"Succeeded", "Failed", "Restarting"}
_TOLD_OTHERWISE = {"BackOff", "TFJobRestarting", "TFJobFailed", "KeeperLost"}
"""Warnings that repeat what ReplicaChanged, StateChanged or Finished say."""
_WORTH_TELLING = {"NoGPUs", "ClaimIsDirectory", "NotEnforced", "MountsAreDirectories"}
"""Normal events of the local engine about what it does otherwise than a cluster."""


class WatchedJob:
    """The newest object of each kind, and what changed since the last look.

    Attributes:
        view: The job as last seen, with pods that are gone as they were last.
        is_deleted: The TFJob has been deleted, or replaced by another of the same name.
    """

    def __init__(self, job: port.Object) -> None:
        self._job = job
        self._pods: dict[str, port.Object] = {}
        self._events: dict[str, port.Object] = {}
        self._told: dict[str, ReplicaView] = {}
        self._told_state: tuple[str, str | None] | None = None
        self._told_texts: set[str] = set()
        self.view: JobView = build_view(job)
        self.is_deleted = False

    def take(self, change: port.Change) -> None:
        """Keeps the object of a change."""
        if change.kind == "TFJob":
            self._take_job(change.type, change.object)
        elif change.kind == "Pod":
            self._pods[_name(change.object)] = change.object
        elif change.kind == "Event":
            self._events[_name(change.object)] = change.object
        self._look()

    def take_pods(self, pods: Iterable[port.Object]) -> None:
        """Keeps pods read outside the watch, which may lag behind the job."""
        self._pods |= {_name(pod): pod for pod in pods}
        self._look()

    def news(self, *, reading: Collection[str]) -> Iterator[Event]:
        """What is different from what was told before: replicas, warnings, state.

        Args:
            reading: Replicas whose lines are still being read; their end is told after the last line.
        """
        yield from self._replica_news(reading)
        yield from self._event_news()
        state = (self.view.state, self.view.reason)
        if state != self._told_state:
            self._told_state = state
            yield StateChanged(state=state[0], reason=state[1], message=self.view.message)

    def _take_job(self, kind: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"], job: port.Object) -> None:
        if kind == "DELETED" or build_view(job).uid != self.view.uid:
            self.is_deleted = True
            job = job if kind == "DELETED" else self._job
        self._job = job

    def _look(self) -> None:
        self.view = build_view(self._job, pods=self._pods.values(), events=self._events.values())

    def _replica_news(self, reading: Collection[str]) -> Iterator[Event]:
        for replica in self.view.replicas:
            if not replica.has_pod or _essence(replica) == _essence(self._told.get(replica.name)):
                continue
            if replica.state in _ENDED and replica.name in reading:
                continue
            self._told[replica.name] = replica
            yield ReplicaChanged(
                replica=replica.name,
                state=replica.state,
                restarts=replica.restarts,
                exit_code=_told_exit_code(replica),
                reason=replica.reason,
            )

    def _event_news(self) -> Iterator[Event]:
        for event in self.view.events:
            text = f"{event.about}: {event.message}" if event.type == "Warning" else event.message
            told = event.type == "Warning" and event.reason not in _TOLD_OTHERWISE
            if text in self._told_texts or not (told or event.reason in _WORTH_TELLING):
                continue
            self._told_texts.add(text)
            yield Notice(text=text, level="warning" if told else "info")


def _told_exit_code(replica: ReplicaView) -> int | None:
    """The code of the run that has ended: the newest, or the one before while the next is to come."""
    end = replica.end or (replica.last_end if replica.state == "Restarting" else None)
    return end.exit_code if end else None


def _essence(replica: ReplicaView | None) -> tuple[object, ...]:
    if replica is None:
        return ()
    return (replica.state, replica.restarts, replica.exit_code, replica.reason)


def _name(item: port.Object) -> str:
    return item["metadata"]["name"]
