"""What following tells, in which order; on the stateful fake engine."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.contract import Termination
from tfjob_kit.jobs import follow, read_job
from tfjob_kit.jobs.events import Event, Finished, LogLine, Notice, Progress, ReplicaChanged, StateChanged

from .conftest import CHIEF, JOB, WORKER, Follower, make_job

Following = Callable[..., Follower]


def lines(events: list[Event], replica: str | None = None) -> list[str]:
    return [e.text for e in events if isinstance(e, LogLine) and replica in {None, e.replica}]


def has_line(text: str) -> Callable[[list[Event]], bool]:
    return lambda events: text in lines(events)


def test_the_stream_ends_with_finished_after_the_last_lines(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    cluster.write_log(WORKER, "from the worker")
    cluster.write_log(CHIEF, "from the chief")
    cluster.exit(WORKER, 0)
    done = Termination(status="succeeded", exit_code=0, step=600, metrics={"accuracy": 0.98})
    cluster.exit(CHIEF, 0, message=done.to_json())
    events = follower.to_end()
    assert ["from the chief"] == lines(events, "chief-0")
    assert ["from the worker"] == lines(events, "worker-0")
    end = events[-1]
    assert isinstance(end, Finished)
    assert ("Succeeded", {"accuracy": 0.98}, 0) == (end.state, end.metrics, end.verdict.exit_code)


def test_states_and_replicas_are_told_once_each(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, StateChanged) and e.state == "Running" for e in events))
    cluster.exit(CHIEF, 0)
    events = follower.to_end()
    states = [e.state for e in events if isinstance(e, StateChanged)]
    assert "Succeeded" == states[-1]
    assert len(states) == len(set(states))
    chief = [e.state for e in events if isinstance(e, ReplicaChanged) and e.replica == "chief-0"]
    assert len(chief) == len(set(chief))
    assert "Succeeded" == chief[-1]


def test_progress_is_parsed_from_the_chief_alone(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    cluster.write_log(CHIEF, "[progress] step=20 total_steps=600 loss=0.5")
    cluster.write_log(WORKER, "[progress] step=99 total_steps=600 loss=0.5")
    events = follower.until(
        lambda events: len(lines(events)) == 2 and any(isinstance(e, Progress) for e in events)
    )
    told = [e for e in events if isinstance(e, Progress)]
    assert [Progress(replica="chief-0", values={"step": 20, "total_steps": 600, "loss": 0.5})] == told


def test_lines_of_a_recreated_pod_follow_those_of_the_one_before(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    cluster.write_log(WORKER, "first life")
    follower.until(has_line("first life"))
    cluster.exit(WORKER, 137)
    cluster.write_log(WORKER, "second life")
    follower.until(has_line("second life"))
    cluster.exit(CHIEF, 0)
    assert ["first life", "second life"] == lines(follower.events, "worker-0")


def test_lines_of_a_container_restarted_in_place_are_neither_lost_nor_doubled(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job(policy="OnFailure"))
    follower = following(cluster)
    cluster.write_log(CHIEF, "run 0")
    follower.until(has_line("run 0"))
    cluster.exit(CHIEF, 1)
    cluster.write_log(CHIEF, "run 1")
    follower.until(has_line("run 1"))
    cluster.exit(CHIEF, 0)
    events = follower.to_end()
    assert ["run 0", "run 1"] == lines(events, "chief-0")
    assert 1 == max(e.restarts for e in events if isinstance(e, ReplicaChanged))


def test_a_run_that_ended_before_it_was_seen_is_read_from_the_previous_container(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job(policy="OnFailure"))
    cluster.write_log(CHIEF, "unseen")
    cluster.exit(CHIEF, 1)
    cluster.write_log(CHIEF, "seen")
    follower = following(cluster)
    follower.until(has_line("seen"))
    cluster.exit(CHIEF, 0)
    assert ["unseen", "seen"] == lines(follower.to_end(), "chief-0")


def test_a_broken_watch_and_a_broken_log_go_on_without_doubles(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job())
    broken = errors.ClusterError("connection reset", retryable=True)
    cluster.fail_next("watch", broken)
    cluster.fail_next("logs", broken)
    follower = following(cluster)
    cluster.write_log(CHIEF, "one")
    cluster.write_log(CHIEF, "two")
    follower.until(has_line("two"))
    cluster.exit(CHIEF, 0)
    events = follower.to_end()
    assert ["one", "two"] == lines(events, "chief-0")
    assert isinstance(events[-1], Finished)


def test_a_log_that_is_lost_for_good_is_a_notice_and_not_the_end(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job())
    cluster.fail_next("logs", errors.ClusterError("the container's lines are gone"))
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, Notice) and "lines are gone" in e.text for e in events))
    cluster.exit(CHIEF, 0)
    assert isinstance(follower.to_end()[-1], Finished)


def test_a_watch_that_may_not_be_tried_again_is_raised(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    cluster.fail_next("watch", errors.NotAllowed("forbidden", status=403))
    follower = following(cluster)
    follower.to_end()
    assert isinstance(follower.error, errors.NotAllowed)


def test_a_job_deleted_while_followed_is_cancelled(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, StateChanged) and e.state == "Running" for e in events))
    cluster.delete(JOB)
    end = follower.to_end()[-1]
    assert isinstance(end, Finished)
    assert ("Deleted", "cancelled", 103) == (end.state, end.verdict.kind, end.verdict.exit_code)


def test_a_suspended_job_ends_the_stream(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    cluster.patch(JOB, {"spec": {"runPolicy": {"suspend": True}}})
    end = follower.to_end()[-1]
    assert isinstance(end, Finished)
    assert ("Suspended", 103) == (end.state, end.verdict.exit_code)


def test_a_deleted_pod_is_remembered_for_the_verdict(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, ReplicaChanged) for e in events))
    cluster.delete_pod(WORKER)
    end = follower.to_end()[-1]
    assert isinstance(end, Finished)
    assert ("Failed", "drained", 100) == (end.state, end.verdict.kind, end.verdict.exit_code)
    assert "worker-0" in end.verdict.summary


def test_tail_leaves_out_what_was_there_before(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    for number in range(5):
        cluster.write_log(CHIEF, f"old {number}")
    follower = following(cluster, tail=1)
    follower.until(has_line("old 4"))
    cluster.write_log(CHIEF, "new")
    follower.until(has_line("new"))
    cluster.exit(CHIEF, 0)
    assert ["old 4", "new"] == lines(follower.to_end(), "chief-0")


def test_stop_ends_the_stream_without_finished(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: bool(events))
    follower.stop.set()
    assert not any(isinstance(e, Finished) for e in follower.to_end())


def test_closing_the_stream_leaves_no_thread(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    before = set(threading.enumerate())
    stream: Any = follow(cluster, JOB, stop=threading.Event())
    next(stream)
    stream.close()
    assert set(threading.enumerate()) <= before


def test_a_job_that_is_not_there_is_an_error(cluster: FakeCluster) -> None:
    with pytest.raises(errors.JobNotFound):
        next(follow(cluster, JOB, stop=threading.Event()))


def test_why_replicas_wait_is_told_in_one_line(following: Following) -> None:
    cluster = FakeCluster(start_pods=False)
    cluster.create(make_job())
    for pod in (CHIEF, WORKER):
        cluster.hold(pod, message="0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")
    follower = following(cluster, settle=0.0)
    says = "all 2 replicas wait: 2 GPUs short: no node has nvidia.com/gpu free"
    follower.until(lambda events: Notice(text=says) in events)
    cluster.start(CHIEF)
    cluster.start(WORKER)
    cluster.exit(CHIEF, 0)
    assert 1 == sum(e == Notice(text=says) for e in follower.to_end())


def test_missing_rights_for_lines_are_said_once_and_the_verdict_is_given(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job())
    for _ in range(2):
        cluster.fail_next("logs", errors.NotAllowed("you may not get pods/log here", status=403))
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, Notice) for e in events))
    cluster.exit(CHIEF, 0)
    events = follower.to_end()
    assert ["no lines are shown: you may not get pods/log here"] == [
        e.text for e in events if isinstance(e, Notice)
    ]
    end = events[-1]
    assert isinstance(end, Finished)
    assert 0 == end.verdict.exit_code


class WithoutEvents(FakeCluster):
    """An engine whose caller may not read events."""

    def watch(self, **options: Any) -> Any:
        for change in super().watch(**options):
            if change.type == "BOOKMARK":
                yield dataclasses.replace(change, object={"withheld": ["events"]})
            elif change.kind != "Event":
                yield change

    def events(self, ref: Any) -> Any:
        raise errors.NotAllowed("you may not list events here", status=403)


def test_missing_rights_for_events_are_said_once_and_the_verdict_is_given(following: Following) -> None:
    cluster = WithoutEvents()
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, Notice) for e in events))
    cluster.exit(CHIEF, 1)
    events = follower.to_end()
    (said,) = [e.text for e in events if isinstance(e, Notice)]
    assert "you may not read events here" in said
    assert isinstance(events[-1], Finished)
    assert "failed" == events[-1].verdict.kind
    assert ("events",) == read_job(cluster, JOB).withheld


def test_a_job_that_a_resize_has_suspended_is_followed_on(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, StateChanged) and e.state == "Running" for e in events))
    mark = {"metadata": {"annotations": {"tfjob-kit/resizing": "1 replica"}}}
    cluster.patch(JOB, {**mark, "spec": {"runPolicy": {"suspend": True}}})
    follower.until(lambda events: any(isinstance(e, StateChanged) and e.state == "Suspended" for e in events))
    cluster.patch(
        JOB,
        {
            "metadata": {"annotations": {"tfjob-kit/resizing": None}},
            "spec": {"runPolicy": {"suspend": False}},
        },
    )
    cluster.write_log(CHIEF, "goes on")
    follower.until(has_line("goes on"))
    cluster.exit(CHIEF, 0)
    end = follower.to_end()[-1]
    assert isinstance(end, Finished)
    assert "Succeeded" == end.state


def test_a_job_that_goes_with_its_namespace_was_cancelled(cluster: FakeCluster, following: Following) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, ReplicaChanged) for e in events))
    cluster.ending_namespaces.add(JOB.namespace)
    cluster.delete_pod(WORKER)
    end = follower.to_end()[-1]
    assert isinstance(end, Finished)
    assert ("Deleted", "cancelled", 103) == (end.state, end.verdict.kind, end.verdict.exit_code)
    assert "digits was cancelled: its namespace default was deleted" == end.verdict.summary


def test_a_finished_job_that_is_removed_while_followed_keeps_its_verdict(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job(ttlSecondsAfterFinished=0))
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, ReplicaChanged) for e in events))
    cluster.exit(CHIEF, 0)
    end = follower.to_end()[-1]
    assert isinstance(end, Finished)
    assert ("Succeeded", "succeeded", 0) == (end.state, end.verdict.kind, end.verdict.exit_code)


def test_a_replica_that_prints_on_and_on_does_not_hold_up_the_end(
    cluster: FakeCluster, following: Following
) -> None:
    cluster.create(make_job())
    follower = following(cluster)
    follower.until(lambda events: any(isinstance(e, ReplicaChanged) for e in events))
    cluster.exit(CHIEF, 0)
    while not follower.events or not isinstance(follower.events[-1], Finished):
        cluster.write_log(WORKER, "on and on")
        assert follower.stop.wait(0.05) is False
    assert isinstance(follower.to_end()[-1], Finished)
