"""A pod that somebody took away is told from a program that failed: states of pods and events as seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tfjob_kit.jobs import Verdict, diagnose
from tfjob_kit.jobs.replica_view import ContainerEnd, Deletion
from tfjob_kit.jobs.view import EventView, JobView, build_view

from .conftest import make_job

FAILED = "TFJob team/digits has failed because 1 Worker replica(s) failed."


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}Z"


def ended(code: int, second: int) -> ContainerEnd:
    return ContainerEnd(exit_code=code, reason="Error", message=None, termination=None, time=at(second))


def taken(second: int, reason: str | None = None, message: str | None = None) -> dict[str, Any]:
    deletion = Deletion(time=at(second), reason=reason, message=message)
    return {"state": "Terminating", "node": "gpu-1", "deletion": deletion}


def event(reason: str, message: str, *, about: str = "digits", second: int = 9) -> EventView:
    return EventView(time=at(second), type="Normal", reason=reason, message=message, about=about)


def failed_job(
    *replicas: dict[str, Any],
    message: str = FAILED,
    events: tuple[EventView, ...] = (),
    withheld: tuple[str, ...] = (),
) -> JobView:
    view = build_view(make_job())
    changed = [
        dataclasses.replace(r, **{"state": "Running", **change})
        for r, change in zip(view.replicas, replicas, strict=True)
    ]
    return dataclasses.replace(
        view, replicas=tuple(changed), state="Failed", message=message, events=events, withheld=withheld
    )


def judge(*replicas: dict[str, Any], **more: Any) -> Verdict:
    return diagnose(failed_job(*replicas, **more))


@pytest.mark.parametrize(
    ("reason", "message", "says", "is_protectable"),
    [
        (None, None, "worker-0 was deleted while it ran on gpu-1", True),
        (
            "EvictionByEvictionAPI",
            "Eviction API: evicting",
            "worker-0 was evicted from gpu-1 through the eviction API, as a drain does",
            True,
        ),
        (
            "PreemptionByScheduler",
            "default-scheduler: preempting to accommodate a higher priority pod",
            "worker-0 was preempted on gpu-1 by a pod of higher priority",
            False,
        ),
        (
            "DeletionByTaintManager",
            "Taint manager: deleting due to NoExecute taint",
            "worker-0 was evicted from gpu-1, which got a NoExecute taint",
            True,
        ),
        (
            "NodeLost",
            "Node gpu-1 which was running pod is unresponsive",
            "worker-0 was lost with its node gpu-1",
            False,
        ),
        ("DeletionByPodGC", "PodGC: node no longer exists", "worker-0 was lost with its node gpu-1", False),
        (
            "TerminationByKubelet",
            "The node was low on resource: memory.",
            "worker-0 was evicted by its node gpu-1: The node was low on resource: memory.",
            False,
        ),
    ],
)
def test_who_took_the_pod_away_is_said(
    reason: str | None, message: str | None, says: str, is_protectable: bool
) -> None:
    verdict = judge({}, taken(5, reason, message))
    assert ("drained", 100) == (verdict.kind, verdict.exit_code)
    assert f"digits was drained or deleted: {says}" == verdict.summary
    assert "`tfjob-kit retry digits` goes on from its last checkpoint" in (verdict.fix or "")
    assert is_protectable == ("protect_from_drain" in (verdict.fix or ""))


def test_a_node_that_was_not_ready_before_its_taint_is_lost() -> None:
    not_ready = event("NodeNotReady", "Node is not ready", about="worker-0")
    verdict = judge({}, taken(5, "DeletionByTaintManager"), events=(not_ready,))
    assert "worker-0 was lost with its node gpu-1" in verdict.summary


def test_what_the_pods_end_with_afterwards_is_not_the_cause() -> None:
    verdict = judge(
        {"state": "Failed", "end": ended(1, 9)}, {**taken(5), "state": "Failed", "end": ended(143, 7)}
    )
    assert "drained" == verdict.kind
    assert "worker-0 was deleted" in verdict.summary
    assert "chief-0: exit code 1 Error at 2026-01-01T00:00:09Z" in verdict.evidence


def test_a_replica_that_had_failed_before_is_the_cause() -> None:
    verdict = judge({"state": "Failed", "end": ended(1, 4)}, taken(5))
    assert "failed" == verdict.kind
    assert "chief-0 ended with exit code 1" in verdict.summary


def test_pods_that_the_operator_cleans_up_after_a_failure_are_not_the_cause() -> None:
    cleanup = event("SuccessfulDeletePod", "Deleted pod: digits-chief-0", second=5)
    verdict = judge(taken(5), {"state": "Failed", "end": ended(1, 5)}, events=(cleanup,))
    assert "failed" == verdict.kind
    assert "worker-0 ended with exit code 1" in verdict.summary


def test_where_events_may_not_be_read_a_failure_in_the_same_second_is_the_cause() -> None:
    crash = {"state": "Failed", "end": ended(1, 5)}
    assert "failed" == judge(taken(5), crash, withheld=("events",)).kind


def test_a_failure_that_the_operator_calls_permanent_is_one() -> None:
    message = 'job "digits" is failing because "Worker" replica(s) failed.'
    verdict = judge(taken(5), {"state": "Failed", "end": ended(1, 6)}, message=message)
    assert "failed" == verdict.kind


def test_of_pods_deleted_at_once_the_one_that_the_operator_names_is_said() -> None:
    verdict = judge(taken(5), taken(5))
    assert "worker-0 was deleted" in verdict.summary


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (event("Preempted", "Preempted by pod 1a on node gpu-1", about="worker-0"), "was preempted"),
        (
            event("TaintManagerEviction", "Marking for deletion Pod team/digits-worker-0", about="worker-0"),
            "NoExecute taint",
        ),
        (event("Killing", "Stopping container tensorflow", about="worker-0"), "was deleted while it ran"),
        (event("Scheduled", "assigned", about="worker-0"), "is gone and left no exit code"),
    ],
)
def test_events_tell_what_became_of_a_pod_that_was_not_seen(told: EventView, says: str) -> None:
    verdict = judge({}, {"state": "Deleted"}, events=(told,))
    assert "drained" == verdict.kind
    assert f"worker-0 {says}" in verdict.summary or says in verdict.summary


def test_a_pod_that_is_gone_after_a_bad_exit_code_was_not_drained() -> None:
    told = event("ExitedWithCode", "Pod: team.digits-worker-0 exited with code 1")
    verdict = judge({"state": "Deleted"}, {"state": "Deleted"}, events=(told,))
    assert "failed" == verdict.kind
    assert "worker-0: exit code 1" in verdict.summary


def test_an_operator_that_deletes_the_successor_of_a_failed_pod_is_named() -> None:
    told = (
        event("ExitedWithCode", "Pod: team.digits-worker-0 exited with code 143", second=4),
        event("SuccessfulDeletePod", "Deleted pod: digits-worker-0", second=5),
    )
    verdict = judge({}, {**taken(5), "run": "b/0"}, events=told)
    assert "drained" == verdict.kind
    assert "worker-0 was deleted by the training-operator itself while it ran" in verdict.summary
    assert "protect_from_drain" not in (verdict.fix or "")
