"""Following a job: one watch, one thread for each replica that runs, one queue, one stream of events.

Owns the order of what is told: a replica's lines in their order, the end of the job after the last lines of
its replicas. Must not know how events are shown.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tfjob_kit import contract, errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.diagnosis import diagnose_deleted, final_metrics
from tfjob_kit.jobs.events import Event, Finished, LogLine, Notice, Progress
from tfjob_kit.jobs.log_desk import LogDesk
from tfjob_kit.jobs.log_stream import RunEnded
from tfjob_kit.jobs.news import News
from tfjob_kit.jobs.queue_desk import Placed, QueueDesk
from tfjob_kit.jobs.status import read_verdict
from tfjob_kit.jobs.watched import WatchedJob

__all__ = ["follow"]

_QUEUE_SIZE = 10_000
_POLL_SECONDS = 0.5
_REWATCHES = 5
_PATIENCE_SECONDS = 10.0
_LONGEST_GRACE_SECONDS = 300.0
_SETTLE_SECONDS = 1.5
"""Pods that are made one after the other would else be told as ever more that wait."""
_SILENCE_SECONDS = 20.0
_QUEUE_PAUSE_SECONDS = 20.0


def follow(
    cluster: port.Cluster,
    ref: port.JobRef,
    *,
    stop: threading.Event,
    tail: int | None = None,
    patience: float = _PATIENCE_SECONDS,
    settle: float = _SETTLE_SECONDS,
    silence: float = _SILENCE_SECONDS,
    queue_pause: float = _QUEUE_PAUSE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Event]:
    """Everything that happens to the job from now on, after what is there already.

    Args:
        cluster: The engine.
        ref: The job.
        stop: Ends the stream early, without a Finished; the job goes on.
        tail: Of the lines that are there already, only the last so many of each replica.
        patience: Seconds for which a replica that outlives its job is waited for; one that is terminating
            has its grace period besides, as long as lines come.
        settle: Seconds for which a reason to wait must have been the same before it is told.
        silence: Seconds after which a job that nobody has taken up is a matter for a notice.
        queue_pause: Seconds between two questions where a job stands in its queue.
        clock: Seconds of a steady clock.

    Yields:
        State, replicas, lines, progress and warnings as they come; Finished last.

    Raises:
        JobNotFound: No job of that name.
        ClusterError: The engine cannot be watched any more.
    """
    taker = "its keeper" if cluster.name == "local" else "the training-operator"
    news = News(clock=clock, settle_seconds=settle, silence_seconds=silence, taker=taker)
    follower = _Follower(
        cluster,
        ref,
        stop=stop,
        tail=tail,
        patience=patience,
        queue_pause=queue_pause,
        news=news,
        clock=clock,
    )
    try:
        yield from follower.run()
    finally:
        follower.close()


@dataclass(frozen=True, kw_only=True)
class _Broken:
    error: Exception


_Item = port.Change | LogLine | Notice | RunEnded | Placed | _Broken


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
        queue_pause: float,
        news: News,
        clock: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._ref = ref
        self._outer_stop = stop
        self._stop = threading.Event()
        self._queue: queue.Queue[_Item] = queue.Queue(_QUEUE_SIZE)
        self._job = WatchedJob(cluster.get(ref))
        self._news = news
        self._desk = LogDesk(cluster, put=self._put, fail=self._fail, stop=self._stop, tail=tail)
        self._queue_desk = QueueDesk(
            cluster, put=self._put, fail=self._fail, clock=clock, longest_pause=queue_pause
        )
        self._patience = patience
        self._clock = clock
        self._last_item = clock()
        self._over_since: float | None = None
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def run(self) -> Iterator[Event]:
        self._thread.start()
        while not self._outer_stop.is_set():
            self._queue_desk.attend(self._job.view)
            yield from self._next()
            yield from self._news.of_waiting(self._job.view)
            if self._is_over() and self._is_drained():
                yield from self._finish()
                return

    def close(self) -> None:
        self._stop.set()
        self._desk.close()
        if self._thread.is_alive():
            self._thread.join()

    def _next(self) -> Iterator[Event]:
        try:
            item = self._queue.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        self._last_item = self._clock()
        match item:
            case port.Change():
                self._job.take(item)
                self._desk.attach(self._job.view)
                yield from self._withheld(item)
                yield from self._news.of(self._job.view, reading=self._desk.reading)
            case LogLine():
                yield from self._line(item)
            case Notice():
                yield from self._news.once(item)
            case RunEnded():
                self._desk.note_end(item)
                yield from self._news.of(self._job.view, reading=self._desk.reading)
            case Placed():
                self._queue_desk.note_answer()
                self._job.take_place(item.place)
            case _Broken():
                raise item.error

    def _withheld(self, change: port.Change) -> Iterator[Notice]:
        if change.type == "BOOKMARK" and self._job.view.withheld:
            what = " and ".join(self._job.view.withheld)
            text = f"you may not read {what} here: why replicas wait is told only as far as pods say it"
            yield from self._news.once(Notice(text=text, level="warning"))

    def _line(self, line: LogLine) -> Iterator[Event]:
        yield line
        leader = self._job.view.leader
        values = contract.parse_progress(line.text) if leader and leader.name == line.replica else None
        if values:
            yield Progress(replica=line.replica, values=values)

    def _is_over(self) -> bool:
        view = self._job.view
        is_over = self._job.is_deleted or view.is_finished or view.is_parked
        if not is_over:
            self._over_since = None
        elif self._over_since is None:
            self._over_since = self._clock()
        return is_over

    def _is_drained(self) -> bool:
        """No line is still to come; the pods are read once more, as the watch may tell of the job first."""
        if not self._desk.reading and self._queue.empty():
            if not self._job.is_deleted:
                self._job.take_pods(self._pods())
                self._desk.attach(self._job.view)
                self._desk.attach_gone(self._job.view)
            return not self._desk.reading
        now = self._clock()
        return now - self._last_item >= self._patience or now >= self._deadline(now)

    def _deadline(self, now: float) -> float:
        """Until when replicas that outlive the job are waited for, though they still print."""
        ending = {r.name for r in self._job.view.replicas if r.state == "Terminating"}
        grace = _LONGEST_GRACE_SECONDS if ending & set(self._desk.replicas) else 0.0
        return (self._over_since or now) + self._patience + grace

    def _pods(self) -> list[port.Object]:
        try:
            return self._cluster.pods(self._ref)
        except errors.JobNotFound:
            return []

    def _finish(self) -> Iterator[Event]:
        yield from self._news.of(self._job.view, reading=())
        view, name = self._job.view, self._ref.name
        if self._job.is_deleted and not view.is_finished:
            deleted = diagnose_deleted(view, with_namespace=self._is_namespace_ending())
            yield Finished(job=name, state="Deleted", verdict=deleted)
            return
        verdict = read_verdict(self._cluster, view)
        if verdict.kind == "drained" and self._is_namespace_ending():
            # Its pods go before the job itself does, so the operator calls it failed (Kubernetes 1.36).
            yield Finished(job=name, state="Deleted", verdict=diagnose_deleted(view, with_namespace=True))
            return
        yield Finished(job=name, state=view.state, verdict=verdict, metrics=final_metrics(view))

    def _is_namespace_ending(self) -> bool:
        try:
            return self._cluster.is_ending(self._ref.namespace)
        except errors.ClusterError:
            return False

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
