"""Watching jobs, their pods and events as one stream of changes."""

from __future__ import annotations

import functools
import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.cluster.kube import job_events
from tfjob_kit.cluster.kube.calls.api import Api
from tfjob_kit.cluster.kube.calls.resources import EVENTS, PODS, TFJOBS
from tfjob_kit.cluster.kube.feed import Feed, Source
from tfjob_kit.cluster.kube.listing import list_all
from tfjob_kit.cluster.port import JOB_NAME_LABEL, OPERATOR_NAME_LABEL, Change, Object

__all__ = ["watch"]

_log = logging.getLogger(__name__)
_QUEUE_SIZE = 2_000
_LOOK_SECONDS = 0.25
"""How often the end is looked for while nothing happens."""
_OPERATOR = f"{OPERATOR_NAME_LABEL}=tfjob-controller"


@dataclass(frozen=True, kw_only=True)
class _Broken:
    error: Exception


def watch(
    api: Api, *, namespace: str, name: str | None = None, stop: threading.Event | None = None
) -> Iterator[Change]:
    """What is there, a bookmark, then each change until `stop`.

    Who may not read events gets none; the bookmark says so.

    Raises:
        ClusterError: Jobs or pods cannot be listed, or the server was away too long.
    """
    merged = _Merged(api, namespace=namespace, name=name)
    try:
        yield from merged.begin()
        yield Change(type="BOOKMARK", kind="", object=merged.withheld)
        yield from merged.run(stop)
    finally:
        merged.close()


class _Merged:
    """One thread for each kind, one queue.

    Attributes:
        withheld: What the bookmark says: empty, or what may not be read.
    """

    def __init__(self, api: Api, *, namespace: str, name: str | None) -> None:
        self._api = api
        self._closing = threading.Event()
        self._queue: queue.Queue[Change | _Broken] = queue.Queue(_QUEUE_SIZE)
        self._threads: list[threading.Thread] = []
        self.withheld: Object = {}
        self._feeds = [self._feed(source) for source in _sources(api, namespace=namespace, name=name)]

    def begin(self) -> Iterator[Change]:
        for feed in list(self._feeds):
            try:
                yield from feed.begin()
            except errors.NotAllowed as error:
                if feed.kind != "Event":
                    raise
                _log.info("events are not watched: %s", error.message)
                self.withheld = {"withheld": ["events"]}
                self._feeds.remove(feed)

    def run(self, stop: threading.Event | None) -> Iterator[Change]:
        for feed in self._feeds:
            thread = threading.Thread(
                target=self._run_feed, args=(feed,), name=f"watch-{feed.kind}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        while stop is None or not stop.is_set():
            try:
                item = self._queue.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, _Broken):
                raise item.error
            yield item

    def close(self) -> None:
        self._closing.set()
        while any(thread.is_alive() for thread in self._threads):
            for feed in self._feeds:
                feed.close()
            for thread in self._threads:
                thread.join(timeout=_LOOK_SECONDS / len(self._threads))

    def _feed(self, source: Source) -> Feed:
        return Feed(self._api, source, closing=self._closing, put=self._put)

    def _run_feed(self, feed: Feed) -> None:
        try:
            feed.run()
        except Exception as error:
            if isinstance(error, errors.NotAllowed) and feed.kind == "Event":
                _log.info("events are no longer watched: %s", error.message)
            else:
                self._put(_Broken(error=error))

    def _put(self, item: Change | _Broken) -> None:
        while not self._closing.is_set():
            try:
                return self._queue.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue


def _sources(api: Api, *, namespace: str, name: str | None) -> Iterator[Source]:
    """Jobs first: what their list raises is what is wrong with the cluster."""
    jobs = {"fieldSelector": f"metadata.name={name}"} if name else {}
    pods = {"labelSelector": f"{JOB_NAME_LABEL}={name},{_OPERATOR}" if name else _OPERATOR}
    yield Source(
        kind="TFJob",
        resource=TFJOBS,
        namespace=namespace,
        query=jobs,
        begin=functools.partial(list_all, api, TFJOBS, namespace=namespace, query=jobs),
    )
    yield Source(
        kind="Pod",
        resource=PODS,
        namespace=namespace,
        query=pods,
        begin=functools.partial(list_all, api, PODS, namespace=namespace, query=pods),
    )
    yield Source(
        kind="Event",
        resource=EVENTS,
        namespace=namespace,
        query={},
        begin=functools.partial(job_events.initial_events, api, namespace=namespace, name=name),
        is_wanted=job_events.Subject(name).is_about,
    )
