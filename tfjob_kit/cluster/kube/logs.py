"""The lines of one container run, whatever happens to the connection.

A broken stream looks like the end of the container, so its pod is looked at: while the same run goes on the
stream is opened again from the last line, and when it has ended once more for the lines that the break hid.
"""

from __future__ import annotations

import email.utils
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tfjob_kit import contract, errors
from tfjob_kit.cluster.kube.calls import failures
from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import PODS
from tfjob_kit.cluster.kube.interrupter import Interrupter
from tfjob_kit.cluster.kube.log_lines import Place, parse_line
from tfjob_kit.cluster.kube.stream import Stream
from tfjob_kit.cluster.port import LogEntry, Object, PodRef

__all__ = ["read_log"]

_T = TypeVar("_T")
_SILENCE_SECONDS = 300.0
"""A replica may be silent for long; so may a connection that is dead. After this the pod is looked at."""
_PATIENCE_SECONDS = 300.0
"""So long an API server may be away while a log is followed."""
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.1, 5.0
_GONE_TEXT = b"unable to retrieve container logs"
"""Sent with status 200 when the container has been removed (kubelet, kuberuntime_logs.go)."""


def read_log(
    api: Api,
    pod: PodRef,
    *,
    interrupter: Interrupter,
    follow: bool,
    tail: int | None,
    since: str | None,
    previous: bool,
    stop: threading.Event | None,
) -> Iterator[LogEntry]:
    """The lines, opened at once so that a refusal is raised here and not at the first line.

    Raises:
        ClusterError: The container has not started, or its lines are gone.
    """
    reader = _Reader(
        api,
        pod,
        interrupter=interrupter,
        place=Place(since),
        previous=previous,
        stop=stop or threading.Event(),
    )
    return reader.follow(tail) if follow else reader.read_once(tail)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run of the container: the pod may have it started again, or be another pod of that name."""

    uid: str
    container: str
    is_running: bool

    def is_same_as(self, other: _Run) -> bool:
        return (self.uid, self.container) == (other.uid, other.container)


class _Reader:
    """One reading."""

    def __init__(
        self,
        api: Api,
        pod: PodRef,
        *,
        interrupter: Interrupter,
        place: Place,
        previous: bool,
        stop: threading.Event,
    ) -> None:
        self._api = api
        self._pod = pod
        self._interrupter = interrupter
        self._place = place
        self._previous = previous
        self._stop = stop
        self._began: str | None = None  # server's time at the first answer
        self._delay = _FIRST_DELAY_SECONDS

    def read_once(self, tail: int | None) -> Iterator[LogEntry]:
        """The lines that are there; a connection that breaks is opened again from the last line."""
        return self._until_whole(self._open(tail=tail, follow=False), tail)

    def follow(self, tail: int | None) -> Iterator[LogEntry]:
        """The lines until the run has ended."""
        run = self._look()
        return self._until_ended(run, self._open(tail=tail, follow=True))

    def _until_whole(self, stream: Stream, tail: int | None) -> Iterator[LogEntry]:
        for _ in range(5):
            if (yield from self._lines(stream)) or self._stop.is_set():
                return
            self._stop.wait(self._pause())
            self._place.come_back()
            stream = self._open(tail=tail, follow=False)
        raise errors.ClusterError(
            f"the log of `{self._pod.name}` is cut off again and again", where=self._pod.name, retryable=True
        )

    def _until_ended(self, run: _Run | None, stream: Stream) -> Iterator[LogEntry]:
        while True:
            before = self._place.since
            whole = yield from self._lines(stream)
            if self._stop.is_set():
                return
            now = self._patiently(self._look)
            if now is None or (run is not None and not now.is_same_as(run)):
                return
            self._place.come_back()
            if not now.is_running:
                # The last lines, in case it was the connection that ended and the container a moment later.
                last = self._open_ended(now)
                if last is not None:
                    yield from self._until_whole(last, None)
                return
            run = now
            if whole and before != self._place.since:
                self._delay = _FIRST_DELAY_SECONDS
            self._stop.wait(self._pause())
            opened = self._patiently(lambda: self._open(tail=None, follow=True))
            if opened is None:
                return
            stream = opened

    def _open_ended(self, run: _Run) -> Stream | None:
        """The lines of a run that has ended; None when the pod has been made anew since, whose are others."""
        try:
            return self._patiently(lambda: self._open(tail=None, follow=False))
        except errors.ClusterError:
            now = self._patiently(self._look)
            if now is None or not now.is_same_as(run):
                return None
            raise

    def _lines(self, stream: Stream) -> Generator[LogEntry, None, bool]:
        """Yields new lines; gives whether the stream ended as if it were whole."""
        try:
            with self._interrupter.watching(self._stop, stream):
                for line in stream.lines():
                    entry = self._entry(line)
                    if entry is not None and self._place.take(entry):
                        self._delay = _FIRST_DELAY_SECONDS
                        yield entry
            return True
        except Exception as error:
            if isinstance(error, errors.TfjobKitError) or failures.failure_of(error) is None:
                raise
            return False
        finally:
            stream.close()

    def _entry(self, line: bytes) -> LogEntry | None:
        entry = parse_line(line)
        if entry is None and line.startswith(_GONE_TEXT):
            raise errors.ClusterError(
                f"the lines of `{self._pod.name}` are gone", status=410, where=self._pod.name
            )
        return entry

    def _open(self, *, tail: int | None, follow: bool) -> Stream:
        query = {"container": contract.CONTAINER_NAME, "timestamps": "true"}
        since = self._place.since
        if since is None and self._began is not None:
            since, tail = self._began if follow else None, None if follow else tail
        query |= {"sinceTime": since} if since else {}
        query |= {"tailLines": str(tail)} if tail is not None else {}
        query |= {"follow": "true"} if follow else {}
        query |= {"previous": "true"} if self._previous else {}
        call = Call(
            verb="get",
            resource=PODS,
            namespace=self._pod.job.namespace,
            name=self._pod.name,
            part="log",
            query=query,
        )
        try:
            stream = Stream(self._api.open(call, read_seconds=_SILENCE_SECONDS))
        except Refused as refused:
            raise refused.error from refused.__cause__
        if self._began is None and tail is not None:
            self._began = _server_time(stream)
        return stream

    def _look(self) -> _Run | None:
        """The container's run as the pod has it; None when the pod is gone or has not begun."""
        call = Call(verb="get", resource=PODS, namespace=self._pod.job.namespace, name=self._pod.name)
        try:
            return _run(self._api.ask(call))
        except errors.ClusterError as error:
            if not error.is_absent:
                raise
            return None

    def _patiently(self, ask: Callable[[], _T]) -> _T | None:
        """Asks again while the API server or the node is away; None when told to stop."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._stop.is_set():
            try:
                return ask()
            except errors.ClusterError as error:
                is_away = isinstance(error, errors.NotConnected) or error.status >= 429
                if not (error.retryable and is_away) or time.monotonic() > deadline:
                    raise
                self._stop.wait(self._pause())
        return None

    def _pause(self) -> float:
        delay, self._delay = self._delay, min(self._delay * 2, _LONGEST_DELAY_SECONDS)
        return delay * (0.5 + random.random() / 2)


def _run(pod: Object) -> _Run | None:
    statuses: list[Object] = pod.get("status", {}).get("containerStatuses") or []
    for status in statuses:
        if status.get("name") == contract.CONTAINER_NAME:
            state: Object = status.get("state") or {}
            # Without an id (a node that fakes its pods) the count of restarts tells runs apart.
            container = str(status.get("containerID") or status.get("restartCount"))
            return _Run(uid=pod["metadata"]["uid"], container=container, is_running="running" in state)
    return None


def _server_time(stream: Stream) -> str | None:
    """The server's clock in the answer: from here on lines are new for who asked for a tail of old ones."""
    try:
        date = email.utils.parsedate_to_datetime(stream.headers.get("Date", ""))
    except ValueError:
        return None
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")
