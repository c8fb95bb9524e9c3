"""What is told once, and when: by a clock in the test's hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tfjob_kit.jobs.events import Event, Notice, ReplicaChanged
from tfjob_kit.jobs.news import News
from tfjob_kit.jobs.replica_view import ContainerEnd
from tfjob_kit.jobs.view import EventView, JobView, build_view

from .conftest import make_job

UNPLACED = {
    "state": "Pending",
    "reason": "Unschedulable",
    "message": "0/2 nodes are available: 2 Insufficient cpu.",
}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def news(clock: Clock) -> News:
    return News(clock=clock, settle_seconds=1.0, silence_seconds=20.0, taker="the training-operator")


def view_of(*replicas: dict[str, Any], **job: Any) -> JobView:
    view = build_view(make_job())
    changed = [dataclasses.replace(r, **change) for r, change in zip(view.replicas, replicas, strict=True)]
    return dataclasses.replace(view, **{"state": "Created", "replicas": tuple(changed), **job})


def texts(events: Any) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def changes(events: Any) -> list[tuple[str, int | None]]:
    return [(event.state, event.exit_code) for event in events if isinstance(event, ReplicaChanged)]


def test_a_reason_to_wait_is_told_once_it_has_settled_and_again_when_it_changes(
    news: News, clock: Clock
) -> None:
    one, both = view_of(UNPLACED, {"state": "Running"}), view_of(UNPLACED, UNPLACED)
    assert [] == texts(news.of_waiting(one))
    clock.now += 0.5
    assert [] == texts(news.of_waiting(both))
    clock.now += 0.6
    assert [] == texts(news.of_waiting(both))
    clock.now += 0.6
    assert ["all 2 replicas wait: no node has enough cpu free"] == texts(news.of_waiting(both))
    clock.now += 60
    assert [] == texts(news.of_waiting(dataclasses.replace(both)))
    assert [] == texts(news.of_waiting(one))
    clock.now += 2
    assert ["chief-0 waits: no node has enough cpu free"] == texts(news.of_waiting(one))


def test_while_others_are_still_being_made_a_reason_is_held_back_longer(news: News, clock: Clock) -> None:
    partly, both = view_of(UNPLACED, {"state": "Missing"}), view_of(UNPLACED, UNPLACED)
    assert [] == texts(news.of_waiting(partly))
    clock.now += 3
    assert [] == texts(news.of_waiting(partly))
    assert [] == texts(news.of_waiting(both))
    clock.now += 1
    assert ["all 2 replicas wait: no node has enough cpu free"] == texts(news.of_waiting(both))
    assert [] == texts(news.of_waiting(partly))
    clock.now += 4
    assert ["chief-0 waits: no node has enough cpu free"] == texts(news.of_waiting(partly))


def test_a_wait_that_ends_before_it_has_settled_is_not_told(news: News, clock: Clock) -> None:
    running = view_of({"state": "Running"}, {"state": "Running"})
    assert [] == texts(news.of_waiting(view_of(UNPLACED, UNPLACED)))
    clock.now += 0.9
    assert [] == texts(news.of_waiting(running))
    clock.now += 9
    assert [] == texts(news.of_waiting(running))


def test_a_job_that_nobody_takes_up_is_said_after_20_seconds_and_once(news: News, clock: Clock) -> None:
    view = view_of({}, {}, state="Pending")
    clock.now += 19
    assert [] == texts(news.of_waiting(view))
    clock.now += 1
    (said,) = texts(news.of_waiting(view))
    assert "the training-operator has not taken up digits within 20 s: is it running?" in said
    clock.now += 60
    assert [] == texts(news.of_waiting(dataclasses.replace(view)))


def test_a_job_whose_pods_are_refused_has_been_taken_up(news: News, clock: Clock) -> None:
    refused = EventView(
        time="2026-01-01T00:00:00Z",
        type="Warning",
        reason="FailedCreatePod",
        message='Error creating: pods "digits-chief-0" is forbidden: no PriorityClass with name x was found',
        about="digits",
    )
    view = view_of({}, {}, state="Pending", events=(refused,))
    list(news.of_waiting(view))
    clock.now += 30
    assert ["all 2 replicas wait: the PriorityClass x does not exist"] == texts(news.of_waiting(view))
    assert [] == texts(news.of(view, reading=()))


def test_a_job_without_pods_may_wait_for_its_gang(news: News, clock: Clock) -> None:
    clock.now += 30
    (said,) = texts(news.of_waiting(view_of({}, {})))
    assert "has made no pods for digits yet; with Volcano" in said


def test_the_keeper_of_this_machine_is_no_operator(clock: Clock) -> None:
    news = News(clock=clock, settle_seconds=1.0, silence_seconds=20.0, taker="its keeper")
    clock.now += 30
    (said,) = texts(news.of_waiting(view_of({}, {}, state="Pending")))
    assert "its keeper has not taken up digits within 20 s: is it running?" == said


def test_an_end_is_told_after_the_last_line_and_before_what_follows_it(news: News) -> None:
    end = ContainerEnd(exit_code=137, reason="OOMKilled", message=None, termination=None, time=None)
    first = {"state": "Running", "run": "a/0"}
    failed = {"state": "Failed", "run": "a/0", "end": end, "reason": "OOMKilled"}
    again = {"state": "Running", "run": "b/0"}
    chief = {"state": "Missing"}
    assert [("Running", None)] == changes(news.of(view_of(chief, first), reading={"a/0"}))
    assert [] == changes(news.of(view_of(chief, failed), reading={"a/0"}))
    assert [] == changes(news.of(view_of(chief, again), reading={"a/0", "b/0"}))
    told = changes(news.of(view_of(chief, again), reading={"b/0"}))
    assert [("Failed", 137), ("Running", None)] == told


def test_warnings_are_told_once_unless_something_else_says_them(news: News) -> None:
    def event(reason: str, message: str) -> EventView:
        return EventView(time="", type="Warning", reason=reason, message=message, about="worker-0")

    view = view_of(
        {}, {}, events=(event("NodeNotReady", "Node is not ready"), event("FailedScheduling", "no node"))
    )
    first: list[Event] = list(news.of(view, reading=()))
    assert ["worker-0: Node is not ready"] == texts(first)
    assert [] == list(news.of(view, reading=()))
