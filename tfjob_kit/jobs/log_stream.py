"""The lines of one replica through all its container runs: none lost, none doubled.

Owns the one thread that reads a replica. It reads the runs one after the other, so lines keep their order,
and always asks for lines later than the last one it has, so a reconnect neither repeats nor skips.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.events import LogLine, Notice

__all__ = ["LogStream", "RunEnded"]

_ATTEMPTS = 5
_FIRST_DELAY_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """All lines of this container run have been handed over."""

    replica: str
    run: str


@dataclass(frozen=True, kw_only=True)
class _Run:
    identity: str
    has_previous: bool
    is_gone: bool


class LogStream:
    """Reads one replica in a thread of its own.

    Args:
        put: Takes each LogLine, Notice and RunEnded, in order; may block.
        fail: Takes what no ClusterError is, so that it is raised where the stream is read.
        stop: Ends the thread.
        tail: Of the run that is there when reading begins, only the last so many lines.
    """

    def __init__(
        self,
        cluster: port.Cluster,
        pod: port.PodRef,
        *,
        put: Callable[[LogLine | Notice | RunEnded], None],
        fail: Callable[[Exception], None],
        stop: threading.Event,
        tail: int | None = None,
    ) -> None:
        self._cluster = cluster
        self._pod = pod
        self._name = f"{pod.role}-{pod.index}"
        self._put = put
        self._fail = fail
        self._stop = stop
        self._tail = tail
        self._since: str | None = None
        self._runs: queue.SimpleQueue[_Run | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read_runs, name=f"logs-{self._name}", daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def offer(self, run: str, *, has_previous: bool, is_gone: bool) -> None:
        """A container run has begun, and perhaps ended.

        Args:
            run: Its identity, for RunEnded.
            has_previous: Another ran in this pod before it.
            is_gone: Its pod is not there any more, so it is no loss when its lines are not either.
        """
        self._runs.put(_Run(identity=run, has_previous=has_previous, is_gone=is_gone))

    def close(self) -> None:
        """Ends the thread; `stop` must be set."""
        self._runs.put(None)
        self._thread.join()

    def _read_runs(self) -> None:
        while (item := self._runs.get()) is not None and not self._stop.is_set():
            try:
                if item.has_previous:
                    self._read_quietly(follow=False, previous=True)
                if item.is_gone:
                    self._read_quietly(follow=False, previous=False)
                else:
                    self._read_run()
            except Exception as fault:
                return self._fail(fault)
            self._put(RunEnded(replica=self._name, run=item.identity))

    def _read_quietly(self, *, follow: bool, previous: bool) -> None:
        """What is left of a run that ended before it could be read."""
        try:
            self._read(follow=follow, previous=previous)
        except errors.ClusterError:
            return  # gone, and most often read long ago

    def _read_run(self) -> None:
        delay = _FIRST_DELAY_SECONDS
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._read(follow=True, previous=False)
            except errors.ClusterError as error:
                if error.is_absent:
                    return  # its pod was made anew, or cleaned up, between its end and this look at it
                if not error.retryable or attempt == _ATTEMPTS:
                    return self._put(self._lost(error))
                self._stop.wait(delay)
                delay *= 2

    def _read(self, *, follow: bool, previous: bool) -> None:
        lines = self._cluster.logs(
            self._pod,
            follow=follow,
            tail=self._tail,
            since=self._since,
            previous=previous,
            stop=self._stop,
        )
        for entry in lines:
            self._since = entry.time
            self._put(LogLine(replica=self._name, time=entry.time, text=entry.text))
        self._tail = None

    def _lost(self, error: errors.ClusterError) -> Notice:
        if isinstance(error, errors.NotAllowed):  # the same for all replicas: told once
            return Notice(text=f"no lines are shown: {error.message}", level="warning")
        return Notice(text=f"the log of {self._name} cannot be read: {error.message}", level="warning")
