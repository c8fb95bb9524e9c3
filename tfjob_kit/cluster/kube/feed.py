"""One kind of object, listed once and then watched for as long as is asked.

Owns what is known of the collection, so that nothing is told twice (by uid and version) and what a gap has
hidden is told afterwards: an expired version (410, as a status or within the stream) is answered by listing
again and telling the differences. Broken streams go on from the last version; pauses between tries grow.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls import failures, retries
from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import Resource
from tfjob_kit.cluster.kube.listing import Listing, complete
from tfjob_kit.cluster.kube.stream import Stream
from tfjob_kit.cluster.port import Change, Object

__all__ = ["Feed", "Source"]

_WATCH_SECONDS = (300, 600)
"""The server ends a watch after a random time between these, so that a thousand do not come back at once."""
_SILENCE_SECONDS = 150.0
"""Bookmarks come about every minute: a stream that is silent longer is opened anew."""
_HEALTHY_SECONDS = 120.0
_PATIENCE_SECONDS = 300.0
"""An API server that is away longer than this ends the watch with an error."""
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.25, 15.0
_GONE = 410


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a feed reads.

    Attributes:
        query: Selectors.
        begin: Lists what is there.
        is_wanted: Of what the watch brings, the selectors being too coarse.
    """

    kind: Literal["TFJob", "Pod", "Event"]
    resource: Resource
    namespace: str
    query: dict[str, str]
    begin: Callable[[], Listing]
    is_wanted: Callable[[Object], bool] = lambda _: True


class _Expired(Exception):
    """The version to go on from is not kept any more."""


class Feed:
    """One collection.

    Args:
        closing: Ends `run`; pauses end with it at once.
        put: Takes each change.
    """

    def __init__(
        self, api: Api, source: Source, *, closing: threading.Event, put: Callable[[Change], None]
    ) -> None:
        self.kind = source.kind
        self._api = api
        self._source = source
        self._closing = closing
        self._put = put
        self._known: dict[str, Object] = {}
        self._version = ""
        self._stream: Stream | None = None
        self._last_good = time.monotonic()
        self._delay = _FIRST_DELAY_SECONDS

    def begin(self) -> list[Change]:
        """Lists what is there. Raises ClusterError."""
        return list(self._differences(self._source.begin()))

    def run(self) -> None:
        """Watches until closed; raises ClusterError when that is no longer possible."""
        while not self._closing.is_set():
            started = time.monotonic()
            try:
                self._watch()
            except _Expired:
                self._list_again()
            except Refused as refused:
                if refused.failure.status == _GONE:
                    self._list_again()
                else:
                    self._wait(refused.error)
            except errors.ClusterError as error:
                self._wait(error)
            else:
                # Ended by the server. One that ends each watch at once is not asked a hundred times a second.
                if time.monotonic() - started < 1.0:
                    self._closing.wait(self._pause())

    def close(self) -> None:
        """Ends a read that waits; `closing` must be set."""
        if self._stream is not None:
            self._stream.shut()

    def _watch(self) -> None:
        call = Call(
            verb="watch",
            resource=self._source.resource,
            namespace=self._source.namespace,
            query={
                **self._source.query,
                "watch": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": self._version,
                "timeoutSeconds": str(random.randint(*_WATCH_SECONDS)),
            },
        )
        stream = self._stream = Stream(self._api.open(call, read_seconds=_SILENCE_SECONDS))
        self._note_good()
        try:
            for line in stream.lines():
                if self._closing.is_set():
                    return
                self._take(line, call)
                self._note_good()
        except (errors.ClusterError, _Expired):
            raise
        except Exception as error:
            failure = failures.failure_of(error)
            if failure is None:
                raise
            if failure.kind != "timeout" and not self._closing.is_set():
                raise self._api.error_of(failure, call) from error
        finally:
            stream.close()

    def _take(self, line: bytes, call: Call) -> None:
        try:
            event: dict[str, Any] = json.loads(line)
            kind, thing = event["type"], event["object"]
        except (ValueError, KeyError, TypeError) as error:
            failure = retries.Failure(kind="truncated", detail="the watch was cut off")
            raise self._api.error_of(failure, call) from error
        if kind == "ERROR":
            if thing.get("code") == _GONE:
                raise _Expired
            failure = retries.Failure(
                kind="status", status=int(thing.get("code") or 500), body=json.dumps(thing)
            )
            raise self._api.error_of(failure, call)
        self._version = thing["metadata"]["resourceVersion"]
        if kind != "BOOKMARK" and self._source.is_wanted(thing):
            self._tell(kind, complete(thing, self._source.resource))

    def _tell(self, kind: Literal["ADDED", "MODIFIED", "DELETED"], thing: Object) -> None:
        change = self._gone(thing["metadata"]["uid"], thing) if kind == "DELETED" else self._seen(thing)
        if change is not None:
            self._put(change)

    def _seen(self, thing: Object) -> Change | None:
        uid, old = thing["metadata"]["uid"], self._known.get(thing["metadata"]["uid"])
        if old is not None and _version(old) == _version(thing):
            return None
        self._known[uid] = thing
        return Change(type="MODIFIED" if old else "ADDED", kind=self._source.kind, object=thing)

    def _gone(self, uid: str, last: Object) -> Change | None:
        """Events are not told as deleted: they are forgotten after an hour, and what they said stays true."""
        if self._known.pop(uid, None) is None or self._source.kind == "Event":
            return None
        return Change(type="DELETED", kind=self._source.kind, object=last)

    def _differences(self, listing: Listing) -> Iterator[Change]:
        self._version = listing.version
        there = {thing["metadata"]["uid"]: thing for thing in listing.items}
        yield from _present(self._gone(u, self._known[u]) for u in [u for u in self._known if u not in there])
        yield from _present(self._seen(thing) for thing in listing.items)

    def _list_again(self) -> None:
        try:
            for change in self._differences(self._source.begin()):
                self._put(change)
            self._note_good()
        except errors.ClusterError as error:
            self._wait(error)

    def _wait(self, error: errors.ClusterError) -> None:
        """Waits before the next try; gives up on what cannot become better, or has not for long."""
        if self._closing.is_set():
            return
        if not error.retryable or time.monotonic() - self._last_good > _PATIENCE_SECONDS:
            raise error
        self._closing.wait(self._pause())

    def _pause(self) -> float:
        delay, self._delay = self._delay, min(self._delay * 2, _LONGEST_DELAY_SECONDS)
        return delay * (0.5 + random.random() / 2)

    def _note_good(self) -> None:
        now = time.monotonic()
        if now - self._last_good > _HEALTHY_SECONDS:
            self._delay = _FIRST_DELAY_SECONDS
        self._last_good = now


def _present(changes: Iterable[Change | None]) -> Iterator[Change]:
    return (change for change in changes if change is not None)


def _version(thing: Object) -> str:
    return str(thing["metadata"].get("resourceVersion") or "")
