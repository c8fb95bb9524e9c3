"""Watches that break, end and expire: nothing lost, nothing told twice, an end when told to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.kube import feed
from tfjob_kit.cluster.port import Change

from .conftest import make_job, make_pod
from .fake_api import Fault, status


class Watcher:
    """Reads a watch in a thread."""

    def __init__(self, cluster, **what) -> None:
        self._stop = threading.Event()
        self._items: queue.Queue[Change | Exception | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(cluster, what), daemon=True)
        self._thread.start()

    def _read(self, cluster, what) -> None:
        try:
            for change in cluster.watch(namespace="team", stop=self._stop, **what):
                self._items.put(change)
            self._items.put(None)
        except Exception as error:
            self._items.put(error)

    def next(self) -> tuple[str, str]:
        item = self._items.get(timeout=60)
        if isinstance(item, Exception):
            raise item
        return ("END", "") if item is None else (item.type, item.object.get("metadata", {}).get("name", ""))

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()


@pytest.fixture
def watch(cluster, monkeypatch) -> Iterator:
    monkeypatch.setattr(feed, "_FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(feed, "_LONGEST_DELAY_SECONDS", 0.05)
    started = []

    def start(**what) -> Watcher:
        started.append(Watcher(cluster, **what))
        return started[-1]

    yield start
    for watcher in started:
        watcher.stop()


def _watching(api, plural: str, times: int = 1):
    """Whether so many watches of the kind have been opened."""
    return lambda: times <= len([r for r in api.requests if r.query.get("watch") and r.path.endswith(plural)])


def _patched(api, **labels) -> None:
    job = api.objects["tfjobs", "team", "job"]
    api.put("tfjobs", {**job, "metadata": {**job["metadata"], "labels": labels}})


def test_what_is_there_then_a_bookmark_then_changes(api, watch):
    api.put("tfjobs", make_job())
    api.put("pods", make_pod())
    watcher = watch(name="job")
    assert [("ADDED", "job"), ("ADDED", "job-chief-0"), ("BOOKMARK", "")] == [
        watcher.next() for _ in range(3)
    ]
    _patched(api, a="1")
    assert ("MODIFIED", "job") == watcher.next()
    api.remove("tfjobs", "job")
    assert ("DELETED", "job") == watcher.next()
    listed = [r for r in api.asked() if not r.query.get("watch")]
    assert 1 == len([r for r in listed if r.path.endswith("/pods")])


def test_changes_while_the_stream_was_broken_are_told_once(api, watch):
    api.put("tfjobs", make_job())
    watcher = watch(name="job")
    assert [("ADDED", "job"), ("BOOKMARK", "")] == [watcher.next(), watcher.next()]
    for number in range(5):
        api.wait_for(_watching(api, "/tfjobs", number + 1))
        api.cut_streams()
        _patched(api, a=str(number))
        assert ("MODIFIED", "job") == watcher.next()
    _patched(api, a="last")
    assert ("MODIFIED", "job") == watcher.next()


@pytest.mark.parametrize("form", ["status", "event"])
def test_an_expired_version_is_answered_by_listing_again(api, watch, form):
    for name in ("job", "other"):
        api.put("tfjobs", make_job(name))
    watcher = watch()
    assert ["job", "other", ""] == [watcher.next()[1] for _ in range(3)]
    api.wait_for(_watching(api, "/tfjobs"))
    with api.changed:
        if form == "event":
            line = status(410, "Expired", "too old resource version")
            import json

            api.faults.append(
                Fault(
                    path="tfjobs?watch", status=200, body=json.dumps({"type": "ERROR", "object": line}) + "\n"
                )
            )
        api.cut_streams()
        api.remove("tfjobs", "other")
        _patched(api, a="1")
        api.put("tfjobs", make_job("third"))
        if form == "status":
            api.forget_history()
    told = {watcher.next() for _ in range(3)}
    assert {("DELETED", "other"), ("MODIFIED", "job"), ("ADDED", "third")} == told


def test_a_server_that_is_away_for_a_while_is_waited_for(api, watch):
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    api.wait_for(_watching(api, "/tfjobs"))
    api.faults += [Fault(path="tfjobs?watch", status=code) for code in (503, 500, 429, 503, 0, 0)]
    api.cut_streams()
    api.put("tfjobs", make_job())
    assert ("ADDED", "job") == watcher.next()


def test_a_truncated_line_is_read_again(api, watch):
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    api.wait_for(_watching(api, "/tfjobs"))
    api.faults.append(Fault(path="tfjobs?watch", status=200, body='{"type": "ADDED", "obj'))
    api.cut_streams()
    api.put("tfjobs", make_job())
    assert ("ADDED", "job") == watcher.next()


def test_a_token_that_rotates_while_watching(api, watch, kubeconfig):
    api.tokens = {"secret"}
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    api.wait_for(_watching(api, "/tfjobs"))
    with api.changed:
        api.tokens = {"new"}
        kubeconfig.write_text(kubeconfig.read_text().replace("secret", "new"))
        api.cut_streams()
    api.put("tfjobs", make_job())
    assert ("ADDED", "job") == watcher.next()


def test_events_of_others_are_not_told(api, watch):
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    api.wait_for(_watching(api, "/events"))
    for kind, name in (
        ("Pod", "jobless-chief-0"),
        ("Service", "job"),
        ("TFJob", "other"),
        ("Pod", "job-worker-3"),
    ):
        about = {"kind": kind, "name": name}
        api.put("events", {"metadata": {"name": f"{name}.1", "namespace": "team"}, "involvedObject": about})
    assert ("ADDED", "job-worker-3.1") == watcher.next()


def test_who_may_not_read_events_sees_the_rest(api, cluster, watch):
    api.forbidden.add("events")
    bookmark = next(change for change in cluster.watch(namespace="team") if change.type == "BOOKMARK")
    assert {"withheld": ["events"]} == bookmark.object
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    api.put("tfjobs", make_job())
    assert ("ADDED", "job") == watcher.next()


def test_who_may_not_read_pods_is_told(api, watch):
    api.forbidden.add("pods")
    with pytest.raises(errors.NotAllowed, match="list pods in namespace `team`"):
        watch(name="job").next()


def test_rights_that_are_taken_away_end_the_watch(api, watch):
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    api.wait_for(_watching(api, "/pods"))
    api.forbidden.add("pods")
    api.cut_streams()
    with pytest.raises(errors.NotAllowed):
        watcher.next()


def test_a_watch_ends_when_it_is_told_to_and_leaves_no_thread(api, watch):
    watcher = watch(name="job")
    assert ("BOOKMARK", "") == watcher.next()
    watcher.stop()
    assert ("END", "") == watcher.next()
    assert [] == [t.name for t in threading.enumerate() if t.name.startswith("watch-")]
