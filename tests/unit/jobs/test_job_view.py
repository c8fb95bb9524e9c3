"""What the objects of an API server mean."""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.jobs import read_job
from tfjob_kit.jobs.view import build_view

from .conftest import CHIEF, JOB, WORKER, make_job


def stored(*conditions: tuple[str, str], **status: Any) -> dict[str, Any]:
    listed = [
        {"type": kind, "status": value, "reason": f"TFJob{kind}", "message": f"it is {kind}"}
        for kind, value in conditions
    ]
    return {**make_job(), "status": {"conditions": listed, **status}}


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ((), "Pending"),
        ((("Created", "True"),), "Created"),
        ((("Created", "True"), ("Running", "True")), "Running"),
        ((("Created", "True"), ("Running", "False"), ("Restarting", "True")), "Restarting"),
        ((("Created", "True"), ("Running", "False"), ("Suspended", "False")), "Created"),
        ((("Created", "True"), ("Running", "False"), ("Succeeded", "True")), "Succeeded"),
        ((("Failed", "True"), ("Succeeded", "True")), "Failed"),
    ],
)
def test_the_state_is_the_newest_true_condition_but_failed_wins(
    conditions: tuple[tuple[str, str], ...], state: str
) -> None:
    assert state == build_view(stored(*conditions)).state


@pytest.mark.parametrize(("is_asked", "state"), [(True, "Suspended"), (False, "Created")])
def test_a_job_is_suspended_only_while_its_spec_asks_for_it(is_asked: bool, state: str) -> None:
    job = stored(("Created", "True"), ("Running", "False"), ("Suspended", "True"))
    job["spec"]["runPolicy"]["suspend"] = is_asked
    assert state == build_view(job).state


def test_both_ends_are_noticed() -> None:
    assert build_view(stored(("Succeeded", "True"), ("Failed", "True"))).both_ends
    assert not build_view(stored(("Succeeded", "False"), ("Failed", "True"))).both_ends


def test_replicas_without_a_pod_are_missing_and_after_the_end_deleted() -> None:
    assert ["Missing", "Missing"] == [r.state for r in build_view(stored()).replicas]
    assert ["Deleted", "Deleted"] == [r.state for r in build_view(stored(("Failed", "True"))).replicas]


def test_gpus_and_memory_are_read_from_the_template() -> None:
    view = build_view(stored())
    assert (2, "16Gi", True) == (view.gpus, view.memory, view.is_runtime)
    assert [1, 1] == [r.gpus for r in view.replicas]


def test_a_job_as_an_engine_tells_it(cluster: FakeCluster) -> None:
    cluster.create(make_job(policy="OnFailure"))
    cluster.write_log(CHIEF, "[progress] step=10 total_steps=20 loss=0.5")
    cluster.write_log(CHIEF, "[progress] step=20 eval_accuracy=0.9")
    cluster.exit(WORKER, 1)
    view = read_job(cluster, JOB)
    chief, worker = view.replicas
    assert {"step": 20, "total_steps": 20, "loss": 0.5, "eval_accuracy": 0.9} == view.progress
    assert ("chief-0", "Running", 0, None) == (chief.name, chief.state, chief.restarts, chief.exit_code)
    assert ("worker-0", 1) == (worker.name, worker.restarts)
    assert worker.last_end is not None
    assert 1 == worker.last_end.exit_code


def test_why_a_pod_waits(cluster: FakeCluster) -> None:
    cluster = FakeCluster(start_pods=False)
    cluster.create(make_job())
    cluster.hold(WORKER, message="0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")
    worker = read_job(cluster, JOB).replicas[1]
    assert ("Pending", "Unschedulable") == (worker.state, worker.reason)
    assert "Insufficient" in (worker.message or "")


def test_replicas_of_a_suspended_job_are_suspended() -> None:
    job = stored(("Suspended", "True"))
    job["spec"]["runPolicy"]["suspend"] = True
    assert ["Suspended", "Suspended"] == [r.state for r in build_view(job).replicas]


@pytest.mark.parametrize(("resumed", "recreated"), [(0, 2), (1, 1), (3, 0)])
def test_how_often_a_pod_was_made_anew_is_told_by_events(resumed: int, recreated: int) -> None:
    about = {"kind": "TFJob", "name": JOB.name}

    def event(reason: str, message: str, count: int) -> dict[str, Any]:
        metadata = {"name": reason}
        return {
            "metadata": metadata,
            "involvedObject": about,
            "reason": reason,
            "message": message,
            "count": count,
        }

    events = [event("SuccessfulCreatePod", f"Created pod: {WORKER.name}", 3)]
    events += [event("TFJobResumed", "TFJob digits is resumed.", resumed)] if resumed else []
    chief, worker = build_view(stored(("Running", "True")), events=events).replicas
    assert (0, recreated) == (chief.recreated, worker.recreated)
