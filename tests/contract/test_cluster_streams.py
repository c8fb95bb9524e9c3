"""Every engine: lines of containers, and watches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.port import JobRef

REF = JobRef(namespace="default", name="job")


@pytest.fixture
def collect() -> Iterator:
    """Reads an iterator in a thread; gives a function that returns the next item."""
    threads, stop = [], threading.Event()

    def start(make):
        items: queue.Queue = queue.Queue()

        def read():
            try:
                for item in make(stop):
                    items.put(item)
            finally:
                items.put(None)

        thread = threading.Thread(target=read)
        thread.start()
        threads.append(thread)
        return lambda: items.get(timeout=30)

    yield start
    stop.set()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


def _texts(entries):
    return [entry.text for entry in entries if entry.text != "ready"]


def test_lines_are_there_in_order_with_their_times(driver, submit, cluster, until, chief):
    submit(worker=0)
    driver.write(chief, "one")
    driver.write(chief, "two")
    until(lambda: _texts(cluster.logs(chief)), lambda texts: texts == ["one", "two"])
    driver.write(chief, "three")  # by itself: lines that an engine reads at once may have one time
    until(lambda: _texts(cluster.logs(chief)), lambda texts: texts == ["one", "two", "three"])
    times = [entry.time for entry in cluster.logs(chief)]
    assert times == sorted(times)
    assert _texts(cluster.logs(chief, tail=2)) == ["two", "three"]
    assert _texts(cluster.logs(chief, since=times[-2])) == ["three"]
    assert list(cluster.logs(chief, tail=0)) == []


def test_following_ends_with_the_container(driver, submit, cluster, collect, chief):
    submit(worker=0)
    following = collect(lambda stop: cluster.logs(chief, follow=True, stop=stop))
    driver.write(chief, "one")
    driver.write(chief, "two")
    driver.exit(chief, 0)
    texts = []
    while (entry := following()) is not None:
        texts.append(entry.text)
    assert [text for text in texts if text != "ready"] == ["one", "two"]


def test_following_ends_when_it_is_told_to(submit, cluster, collect, chief):
    submit(worker=0)
    stop = threading.Event()
    following = collect(
        lambda _: (e for e in cluster.logs(chief, follow=True, stop=stop) if e.text != "ready")
    )
    stop.set()
    assert following() is None


def test_lines_of_the_run_before_a_restart(driver, submit, cluster, until, running, chief):
    submit(worker=0, restart_policy="OnFailure")
    with pytest.raises(errors.ClusterError):
        list(cluster.logs(chief, previous=True))
    driver.write(chief, "first run")
    driver.exit(chief, 1)
    until(
        lambda: cluster.pods(REF), lambda pods: pods[0]["status"]["containerStatuses"][0]["restartCount"] == 1
    )
    running(REF, 1)
    driver.write(chief, "second run")
    until(lambda: _texts(cluster.logs(chief)), lambda texts: texts == ["second run"])
    assert _texts(cluster.logs(chief, previous=True)) == ["first run"]


def test_lines_of_a_job_that_has_not_started_are_refused(cluster, make_job, condition, chief):
    cluster.create(make_job(suspend=True))
    condition(REF, "Suspended")
    with pytest.raises(errors.ClusterError):
        list(cluster.logs(chief))


def test_a_watch_tells_what_is_there_then_what_changes(driver, submit, cluster, collect, condition, chief):
    submit()
    condition(REF, "Running")
    watching = collect(lambda stop: cluster.watch(namespace="default", name="job", stop=stop))
    known = _known(watching)
    assert {change.type for change in known} == {"ADDED"}
    names = [change.object["metadata"]["name"] for change in known if change.kind != "Event"]
    assert sorted(names) == ["job", "job-chief-0", "job-worker-0"]

    driver.exit(chief, 0)
    while not _says(change := watching(), "Succeeded"):
        assert change.type in ("ADDED", "MODIFIED")
    cluster.delete(REF)
    gone = set()
    while gone != {"job", "job-chief-0", "job-worker-0"}:
        change = watching()
        if change.type == "DELETED":
            gone.add(change.object["metadata"]["name"])


def test_a_watch_of_a_namespace_sees_jobs_that_come_later(cluster, make_job, collect):
    watching = collect(lambda stop: cluster.watch(namespace="default", stop=stop))
    assert {change.kind for change in _known(watching)} <= {"Event"}
    cluster.create(make_job(worker=0))
    first: dict = {}
    while not {"TFJob", "Pod"} <= first.keys():  # which of the two comes first is not said
        change = watching()
        first.setdefault(change.kind, (change.type, change.object["metadata"]["name"]))
    assert first["TFJob"] == ("ADDED", "job")
    assert first["Pod"] == ("ADDED", "job-chief-0")


def test_a_watch_of_one_job_is_silent_about_others(cluster, make_job, collect):
    watching = collect(lambda stop: cluster.watch(namespace="default", name="job", stop=stop))
    assert {change.kind for change in _known(watching)} <= {"Event"}
    cluster.create(make_job("other", worker=0))
    cluster.create(make_job("job", worker=0))
    assert watching().object["metadata"]["name"].startswith("job")


def test_a_watch_ends_when_it_is_told_to(cluster, collect):
    stop = threading.Event()
    watching = collect(lambda _: cluster.watch(namespace="default", stop=stop))
    _known(watching)
    stop.set()
    assert watching() is None


def _known(watching):
    """What is there when the watch begins; events of earlier jobs outlive them."""
    known = []
    while (change := watching()).type != "BOOKMARK":
        assert change.type == "ADDED"
        known.append(change)
    return known


def _says(change, condition):
    conditions = change.object.get("status", {}).get("conditions", [])
    return change.kind == "TFJob" and any(
        c.get("type") == condition and c.get("status") == "True" for c in conditions
    )
