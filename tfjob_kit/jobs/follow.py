"""Following a job: one watch, one thread per replica, one queue, one stream of events.

Owns the order of what is told: a replica's lines in their order, the end of the job after the last lines of
its replicas. Must not know how events are shown.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from tfjob_kit import contract, errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.diagnose import diagnose_deleted, final_metrics
from tfjob_kit.jobs.events import Event, Finished, LogLine, Notice, Progress
from tfjob_kit.jobs.log_stream import LogStream, RunEnded
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.status import read_verdict
from tfjob_kit.jobs.watched import WatchedJob

__all__ = ["follow"]

_QUEUE_SIZE = 10_000
_POLL_SECONDS = 0.5
_REWATCHES = 5
_PATIENCE_SECONDS = 10.0


def follow(
    cluster: port.Cluster,
    ref: port.JobRef,
    *,
    stop: threading.Event,
    tail: int | None = None,
    patience: float = _PATIENCE_SECONDS,
) -> Iterator[Event]:
    """Everything that happens to the job from now on, after what is there already.

    Args:
        cluster: The engine.
        ref: The job.
        stop: Ends the stream early, without a Finished; the job goes on.
        tail: Of the lines that are there already, only the last so many of each replica.
        patience: Seconds without any news after which a replica that outlives its job is not waited for.

    Yields:
        State, replicas, lines, progress and warnings as they come; Finished last.

    Raises:
        JobNotFound: No job of that name.
        ClusterError: The engine cannot be watched any more.
    """
    follower = _Follower(cluster, ref, stop=stop, tail=tail, patience=patience)
    try:
        yield from follower.run()
    finally:
        follower.close()


@dataclass(frozen=True, kw_only=True)
class _Broken:
    error: Exception


_Item = port.Change | LogLine | Notice | RunEnded | _Broken


class _Follower:
    """One stream: its threads, the queue between, what is still to come."""

    def __init__(
        self,
        cluster: port.Cluster,
        ref: port.JobRef,
        *,
        stop: threading.Event,
        tail: int | None,
        patience: float,
    ) -> None:
        self._cluster = cluster
        self._ref = ref
        self._outer_stop = stop
        self._stop = threading.Event()
        self._tail = tail
        self._queue: queue.Queue[_Item] = queue.Queue(_QUEUE_SIZE)
        self._job = WatchedJob(cluster.get(ref))
        self._streams: dict[str, LogStream] = {}
        self._offered: set[str] = set()
        self._open_runs: dict[str, str] = {}
        self._quiet_seconds = 0.0
        self._patience = patience
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def run(self) -> Iterator[Event]:
        self._thread.start()
        while not self._outer_stop.is_set():
            yield from self._next()
            if self._is_over() and self._is_drained():
                yield from self._finish()
                return

    def close(self) -> None:
        self._stop.set()
        for stream in self._streams.values():
            stream.close()
        if self._thread.is_alive():
            self._thread.join()

    def _next(self) -> Iterator[Event]:
        try:
            item = self._queue.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            self._quiet_seconds += _POLL_SECONDS
            return
        self._quiet_seconds = 0.0
        match item:
            case port.Change():
                self._job.take(item)
                self._attach()
                yield from self._job.news(reading=self._open_runs.values())
            case LogLine():
                yield from self._line(item)
            case Notice():
                yield item
            case RunEnded():
                self._open_runs.pop(item.run, None)
                yield from self._job.news(reading=self._open_runs.values())
            case _Broken():
                raise item.error

    def _line(self, line: LogLine) -> Iterator[Event]:
        yield line
        leader = self._job.view.leader
        values = contract.parse_progress(line.text) if leader and leader.name == line.replica else None
        if values:
            yield Progress(replica=line.replica, values=values)

    def _is_over(self) -> bool:
        view = self._job.view
        return self._job.is_deleted or view.is_finished or view.is_parked

    def _is_drained(self) -> bool:
        """No line is still to come; the pods are read once more, as the watch may tell of the job first."""
        if not self._open_runs and self._queue.empty():
            if not self._job.is_deleted:
                self._job.take_pods(self._pods())
                self._attach()
                self._attach_gone()
            return not self._open_runs
        return self._quiet_seconds >= self._patience

    def _pods(self) -> list[port.Object]:
        try:
            return self._cluster.pods(self._ref)
        except errors.JobNotFound:
            return []

    def _finish(self) -> Iterator[Event]:
        yield from self._job.news(reading=())
        view, name = self._job.view, self._ref.name
        if self._job.is_deleted and not view.is_finished:
            yield Finished(job=name, state="Deleted", verdict=diagnose_deleted(view))
            return
        verdict = read_verdict(self._cluster, view)
        yield Finished(job=name, state=view.state, verdict=verdict, metrics=final_metrics(view))

    def _attach(self) -> None:
        """Hands each container run that has begun to the replica's thread, once."""
        for replica in self._job.view.replicas:
            if replica.run is not None and replica.run not in self._offered:
                self._offered.add(replica.run)
                self._offer(replica, replica.run)

    def _attach_gone(self) -> None:
        """Replicas that came and went unseen: an engine may still have their lines."""
        for replica in self._job.view.replicas:
            if replica.name not in self._streams:
                self._offer(replica, f"{replica.name}/gone", is_gone=True)

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

    def _watch(self) -> None:
        """Feeds the watch into the queue; a lost connection begins anew, and news() tells no thing twice."""
        for attempt in range(_REWATCHES + 1):
            try:
                for change in self._cluster.watch(
                    namespace=self._ref.namespace, name=self._ref.name, stop=self._stop
                ):
                    self._put(change)
                return
            except errors.ClusterError as error:
                if not error.retryable or attempt == _REWATCHES:
                    return self._fail(error)
                self._stop.wait(2**attempt)
            except Exception as fault:
                return self._fail(fault)

    def _fail(self, fault: Exception) -> None:
        self._put(_Broken(error=fault))

    def _put(self, item: _Item) -> None:
        while not self._stop.is_set():
            try:
                return self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
