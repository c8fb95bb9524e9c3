"""Which replica's lines are being read, and which container runs are still open.

Owns the log streams of one followed job: one thread for each replica that has begun to run, none for one that
has not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from tfjob_kit.cluster import port
from tfjob_kit.jobs.events import LogLine, Notice
from tfjob_kit.jobs.log_stream import LogStream, RunEnded
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.view import JobView

__all__ = ["LogDesk"]


class LogDesk:
    """The readers of a job's replicas.

    Args:
        put: Takes each LogLine, Notice and RunEnded; may block.
        fail: Takes what no ClusterError is.
        stop: Ends the threads.
        tail: Of the lines that are there already, only the last so many of each replica.
    """

    def __init__(
        self,
        cluster: port.Cluster,
        *,
        put: Callable[[LogLine | Notice | RunEnded], None],
        fail: Callable[[Exception], None],
        stop: threading.Event,
        tail: int | None,
    ) -> None:
        self._cluster = cluster
        self._put = put
        self._fail = fail
        self._stop = stop
        self._tail = tail
        self._streams: dict[str, LogStream] = {}
        self._offered: dict[str, str] = {}
        self._open_runs: dict[str, str] = {}

    @property
    def reading(self) -> Collection[str]:
        """Container runs of which lines may still come."""
        return self._open_runs.keys()

    @property
    def replicas(self) -> Collection[str]:
        """The replicas of these runs."""
        return self._open_runs.values()

    def attach(self, view: JobView) -> None:
        """Hands each container run that has begun to the replica's thread, once."""
        for replica in view.replicas:
            if replica.run is not None and replica.run != self._offered.get(replica.name):
                self._offered[replica.name] = replica.run
                self._offer(replica, replica.run)

    def attach_gone(self, view: JobView) -> None:
        """Replicas that came and went unseen: an engine may still have their lines."""
        for replica in view.replicas:
            if replica.name not in self._streams:
                self._offer(replica, f"{replica.name}/gone", is_gone=True)

    def note_end(self, ended: RunEnded) -> None:
        """A run of which all lines have come."""
        self._open_runs.pop(ended.run, None)

    def close(self) -> None:
        """Ends the threads; `stop` must be set."""
        for stream in self._streams.values():
            stream.close()

    def _offer(self, replica: ReplicaView, run: str, *, is_gone: bool = False) -> None:
        is_new = replica.name not in self._streams
        if is_new:
            self._streams[replica.name] = LogStream(
                self._cluster, replica.pod, put=self._put, fail=self._fail, stop=self._stop, tail=self._tail
            )
            self._streams[replica.name].start()
        has_previous = not is_new or (replica.restarts > 0 and self._tail is None)
        self._open_runs[run] = replica.name
        self._streams[replica.name].offer(run, has_previous=has_previous, is_gone=is_gone)
