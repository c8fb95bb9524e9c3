"""Following a job that stands in a queue: asked now and then, told when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import JobRef, QueuePlace
from tfjob_kit.jobs import read_job, read_report
from tfjob_kit.jobs.events import Event, Notice
from tfjob_kit.jobs.queue_desk import Placed, QueueDesk
from tfjob_kit.jobs.view import build_view

from .conftest import CHIEF, JOB, WORKER, Follower, make_job

THIRD, SECOND = (QueuePlace(standing="waiting", position=position, message="no quota") for position in (3, 2))
QUICK: dict[str, float] = {"queue_pause": 0.02, "settle": 0.05}


def queued(**run_policy: Any) -> dict[str, Any]:
    job = make_job(suspend=True, **run_policy)
    job["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "team-a"}
    return job


class Counting(FakeCluster):
    """Counts the questions about a place."""

    asked = 0

    def queue_place(self, ref: JobRef, *, uid: str, queue: str) -> QueuePlace | None:
        self.asked += 1
        assert "team-a" == queue
        return super().queue_place(ref, uid=uid, queue=queue)


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_the_place_is_told_when_it_changes_and_no_more_once_the_job_runs(
    following: Callable[..., Follower],
) -> None:
    cluster = Counting()
    cluster.create(queued())
    cluster.queue_places[JOB] = THIRD
    follower = following(cluster, **QUICK)
    says = ["the job waits: number 3 in the queue team-a: no quota"]
    follower.until(lambda events: says == texts(events))
    cluster.queue_places[JOB] = SECOND
    says.append("the job waits: number 2 in the queue team-a: no quota")
    follower.until(lambda events: says == texts(events))
    cluster.patch(JOB, {"spec": {"runPolicy": {"suspend": False}}})
    cluster.exit(WORKER, 0)
    cluster.exit(CHIEF, 0)
    assert says == texts(follower.to_end())


def test_a_question_without_an_answer_takes_back_nothing(following: Callable[..., Follower]) -> None:
    cluster = Counting()
    cluster.create(queued())
    cluster.queue_places[JOB] = THIRD
    follower = following(cluster, **QUICK)
    follower.until(lambda events: 1 == len(texts(events)))
    del cluster.queue_places[JOB]
    cluster.delete(JOB)
    assert ["the job waits: number 3 in the queue team-a: no quota"] == texts(follower.to_end())


def test_status_asks_once_and_only_for_a_job_in_a_queue() -> None:
    cluster = Counting()
    cluster.create(queued())
    cluster.queue_places[JOB] = SECOND
    assert SECOND == read_job(cluster, JOB).place
    assert 1 == cluster.asked
    report = read_report(cluster, JOB)
    assert "digits: the job waits: number 2 in the queue team-a: no quota" == report.verdict.summary
    cluster.patch(JOB, {"spec": {"runPolicy": {"suspend": False}}})
    assert read_job(cluster, JOB).place is None
    assert 2 == cluster.asked


class Desk:
    """A desk with a clock in the test's hand; its answers are fetched one by one."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.now = 0.0
        self.faults: list[Exception] = []
        self._answers: list[Placed] = []
        self._came = threading.Condition()
        self.desk = QueueDesk(
            cluster, put=self._put, fail=self._put_fault, clock=lambda: self.now, longest_pause=20.0
        )

    def _put(self, answer: Placed) -> None:
        with self._came:
            self._answers.append(answer)
            self._came.notify_all()

    def _put_fault(self, fault: Exception) -> None:
        with self._came:
            self.faults.append(fault)
            self._came.notify_all()

    def fetch(self) -> Placed:
        with self._came:
            assert self._came.wait_for(lambda: self._answers, timeout=20)
            return self._answers.pop(0)

    def wait_for_fault(self) -> None:
        with self._came:
            assert self._came.wait_for(lambda: self.faults, timeout=20)


def test_questions_come_at_a_calm_pace_one_at_a_time() -> None:
    cluster = Counting()
    desk, view = Desk(cluster), build_view(queued())
    times: list[float] = []
    while desk.now < 100:
        before = cluster.asked
        desk.desk.attend(view)
        desk.desk.attend(view)
        if desk.desk.is_asking:
            assert Placed(place=None) == desk.fetch()
            assert before + 1 == cluster.asked
            times.append(desk.now)
            desk.desk.note_answer()
        desk.now += 0.5
    assert [0, 1, 3, 7, 15, 31, 51, 71, 91] == times


def test_a_job_that_comes_back_into_the_queue_is_asked_for_at_once() -> None:
    cluster = Counting()
    desk, view = Desk(cluster), build_view(queued())
    for _ in range(4):
        desk.desk.attend(view)
        desk.fetch()
        desk.desk.note_answer()
        desk.now += 30
    running = build_view(make_job())
    desk.desk.attend(running)
    assert 4 == cluster.asked
    desk.desk.attend(view)
    desk.fetch()
    desk.desk.note_answer()
    desk.now += 1
    desk.desk.attend(view)
    desk.fetch()
    assert 6 == cluster.asked


def test_a_fault_of_ours_is_not_swallowed() -> None:
    class Broken(FakeCluster):
        def queue_place(self, ref: JobRef, *, uid: str, queue: str) -> QueuePlace | None:
            raise ZeroDivisionError

    desk = Desk(Broken())
    desk.desk.attend(build_view(queued()))
    desk.wait_for_fault()
    with pytest.raises(ZeroDivisionError):
        raise desk.faults[0]
