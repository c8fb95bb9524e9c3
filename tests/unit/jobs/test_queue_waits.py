"""What a person is told of a job's place in its queue: a table of places and sentences."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tfjob_kit.cluster.port import QueuePlace
from tfjob_kit.jobs.diagnosis import diagnose
from tfjob_kit.jobs.view import EventView, JobView, build_view
from tfjob_kit.jobs.waits import find_waits

from .conftest import make_job

NO_QUOTA = (
    "couldn't assign flavors to pod set worker: insufficient unused quota for nvidia.com/gpu in flavor a100, "
    "2 more needed"
)
TOO_MUCH = (
    "couldn't assign flavors to pod set worker: insufficient quota for nvidia.com/gpu in flavor a100, "
    "previously considered podsets requests (0) + current podset request (9) > maximum capacity (8)"
)
PREEMPTED = (
    "Preempted to accommodate a workload (UID: 1, JobUID: 2) due to prioritization in the ClusterQueue; "
    "preemptor path: /gpus; preemptee path: /gpus"
)
LIMIT = "The workload is deactivated due to exceeding the maximum number of re-queuing retries"
WAITING: dict[str, Any] = {"standing": "waiting", "workload": "tfjob-digits-1a2b3", "message": NO_QUOTA}


def view_of(place: QueuePlace | None, *events: EventView) -> JobView:
    view = build_view(make_job(suspend=True))
    return dataclasses.replace(view, state="Suspended", queue="team-a", place=place, events=events)


@pytest.mark.parametrize(
    ("place", "says", "fix"),
    [
        (
            QueuePlace(**WAITING, position=3, cluster_position=7, length=12),
            f"number 3 in the queue team-a (7 in the cluster queue): {NO_QUOTA}",
            "`kubectl describe workload tfjob-digits-1a2b3` says more",
        ),
        (
            QueuePlace(**WAITING, position=1, cluster_position=1, length=1),
            f"number 1 in the queue team-a: {NO_QUOTA}",
            "says more",
        ),
        (
            QueuePlace(**WAITING),
            f"it is in the queue team-a and not admitted yet: {NO_QUOTA}",
            "`kubectl describe workload tfjob-digits-1a2b3` says more",
        ),
        (QueuePlace(standing="unknown", position=2), "number 2 in the queue team-a", None),
        (
            QueuePlace(**{**WAITING, "message": TOO_MUCH}, position=1),
            f"number 1 in the queue team-a: {TOO_MUCH}",
            "the queue can never give so much: ask for less, or choose another `job.queue`",
        ),
        (
            QueuePlace(**WAITING, position=2, eviction="Preempted", eviction_message=PREEMPTED),
            "it was preempted (prioritization in the ClusterQueue); number 2 in the queue team-a: "
            + NO_QUOTA,
            "says more",
        ),
        (
            QueuePlace(standing="waiting", eviction="Preempted"),
            "it was preempted; it is in the queue team-a and not admitted yet",
            None,
        ),
        (
            QueuePlace(
                standing="waiting",
                eviction="PodsReadyTimeout",
                eviction_message="Exceeded the PodsReady timeout team/digits",
                back_at="2026-01-01T00:05:00Z",
            ),
            "it was stopped: Exceeded the PodsReady timeout team/digits; it is in the queue team-a and not "
            "admitted yet; it goes back into the queue at 2026-01-01T00:05:00Z",
            None,
        ),
        (
            QueuePlace(standing="untaken", fault="missing", queues=("research", "team-b")),
            "there is no queue team-a in its namespace: there are research, team-b",
            "run it again with one of research, team-b",
        ),
        (
            QueuePlace(standing="waiting", fault="missing"),
            "there is no queue team-a in its namespace, nor any other",
            "whoever runs the cluster can make `team-a`",
        ),
        (
            QueuePlace(standing="unknown", fault="no_system"),
            "it asks for the queue team-a, and this cluster has no Kueue",
            "without `job.queue` it starts at once",
        ),
        (
            QueuePlace(**WAITING, fault="stopped", cluster_queue="gpus"),
            "the queue team-a is stopped",
            "`stopPolicy: None` in the LocalQueue `team-a`",
        ),
        (
            QueuePlace(**WAITING, fault="no_cluster_queue", cluster_queue="gpus"),
            "the queue team-a leads to the cluster queue gpus, which is not there",
            "can make the ClusterQueue `gpus`",
        ),
        (
            QueuePlace(**WAITING, fault="inactive", cluster_queue="gpus"),
            "the cluster queue gpus, where the queue team-a leads, is not in order",
            "`kubectl describe clusterqueue gpus` says why",
        ),
        (
            QueuePlace(standing="untaken", cluster_queue="gpus"),
            "it is in the queue team-a, and Kueue has not taken it up",
            "`kubeflow.org/tfjob` has to be among `integrations.frameworks`",
        ),
        (
            QueuePlace(standing="checked", message="provisioning (waiting for 4 nodes), budget"),
            "it has its quota in the queue team-a and waits for provisioning (waiting for 4 nodes), budget",
            None,
        ),
        (
            QueuePlace(standing="admitted"),
            "the queue team-a has admitted it, and it is about to start",
            None,
        ),
        (
            QueuePlace(
                standing="inactive",
                workload="tfjob-digits-1a2b3",
                message=LIMIT,
                eviction="DeactivatedDueToRequeuingLimitExceeded",
                eviction_message=LIMIT,
            ),
            f"it was stopped: {LIMIT}; it is kept out of the queue team-a until somebody puts it back",
            """patch workload tfjob-digits-1a2b3 --type merge -p '{"spec":{"active":true}}'` puts it back""",
        ),
        (
            QueuePlace(standing="inactive", workload="w", message="by hand."),
            "it is kept out of the queue team-a until somebody puts it back: by hand",
            "kubectl patch workload w",
        ),
    ],
)
def test_a_place_is_told_in_one_sentence(place: QueuePlace, says: str, fix: str | None) -> None:
    (wait,) = find_waits(view_of(place))
    assert f"the job waits: {says}" == wait.sentence
    assert "queued" == wait.reason.kind
    assert (fix is None) == (wait.reason.fix is None)
    assert (fix or "") in (wait.reason.fix or "")


def test_a_long_reason_is_cut() -> None:
    (wait,) = find_waits(view_of(QueuePlace(**{**WAITING, "message": "a " * 500})))
    assert wait.sentence.endswith(" a ...")
    assert len(wait.sentence) < 500


def test_an_event_that_says_why_kueue_cannot_take_it_up_is_told() -> None:
    event = EventView(
        time="2026-01-01T00:00:00Z",
        type="Warning",
        reason="ErrWorkloadCompose",
        message="too many podsets",
        about="digits",
    )
    (wait,) = find_waits(view_of(QueuePlace(standing="untaken"), event))
    assert "the job waits: it is in the queue team-a and not admitted yet: too many podsets" == wait.sentence


def test_the_verdict_tells_how_many_wait() -> None:
    verdict = diagnose(view_of(QueuePlace(**WAITING, position=3, cluster_position=7, length=12)))
    assert ("queued", 101) == (verdict.kind, verdict.exit_code)
    assert f"digits: the job waits: number 3 in the queue team-a (7 in the cluster queue): {NO_QUOTA}" == (
        verdict.summary
    )
    assert ("queue team-a: 12 waiting",) == verdict.evidence


@pytest.mark.parametrize("change", [{"state": "Succeeded"}, {"is_deleting": True}, {"queue": None}])
def test_a_job_that_is_in_no_queue_waits_in_none(change: Any) -> None:
    view = dataclasses.replace(view_of(QueuePlace(**WAITING)), **change)
    assert not view.is_queued
    assert () == find_waits(view)
