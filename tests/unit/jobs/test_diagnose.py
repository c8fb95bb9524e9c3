"""One honest sentence about each kind of end; jobs are played on the stateful fake engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.contract import ReplicaExit, Termination
from tfjob_kit.jobs import Verdict, diagnose, read_job, read_report
from tfjob_kit.jobs.view import build_view

from .conftest import CHIEF, JOB, WORKER, make_job

Play = Callable[[FakeCluster], None]


def message(code: int, **parts: Any) -> str:
    return Termination(status="failed", exit_code=code, **parts).to_json()


def judge(cluster: FakeCluster) -> Verdict:
    return read_report(cluster, JOB).verdict


@pytest.mark.parametrize(
    ("exit_code", "parts", "kind", "says", "fix"),
    [
        (
            2,
            {"error": "ConfigError: no layer", "hint": "set model.params.layers"},
            "bad_config",
            "no layer",
            "layers",
        ),
        (3, {"error": "1 GPU asked, 0 seen", "hint": "check the driver"}, "gpu_check", "GPU check", "driver"),
        (4, {"error": "no file /data/x", "hint": "mount it"}, "bad_data", "bad data", "mount it"),
        (5, {"error": "3 restarts from step 100"}, "no_progress", "without progress", "logs"),
        (
            1,
            {"error": "ValueError: shapes", "where": "models/a.py:7"},
            "failed",
            "models/a.py:7",
            "logs digits",
        ),
    ],
)
def test_codes_of_the_shipped_runtime_have_their_meaning(
    cluster: FakeCluster, exit_code: int, parts: dict[str, str], kind: str, says: str, fix: str
) -> None:
    cluster.create(make_job())
    cluster.exit(WORKER, exit_code, message=message(exit_code, **parts))
    verdict = judge(cluster)
    assert (kind, 100) == (verdict.kind, verdict.exit_code)
    assert f"digits Failed: worker-0 ended with exit code {exit_code}" in verdict.summary
    assert says in verdict.summary
    assert fix in (verdict.fix or "")


def test_codes_of_a_users_program_are_its_own(cluster: FakeCluster) -> None:
    cluster.create(make_job(command=["python", "train.py"]))
    cluster.write_log(CHIEF, "Traceback: it broke")
    cluster.exit(CHIEF, ReplicaExit.GPU_CHECK)
    verdict = judge(cluster)
    assert "failed" == verdict.kind
    assert "GPU" not in verdict.summary
    assert "chief-0 | Traceback: it broke" in verdict.evidence


def test_the_first_failing_replica_is_named_and_not_its_victims(cluster: FakeCluster) -> None:
    cluster.create(make_job(policy="Never", command=["train"]))
    view = read_job(cluster, JOB)
    cluster.exit(WORKER, 137, reason="OOMKilled")
    cluster.exit(CHIEF, 1)
    view = read_job(cluster, JOB)
    verdict = diagnose(view)
    assert "oom" == verdict.kind
    assert "worker-0" in verdict.summary
    assert "16Gi" in verdict.summary
    assert "resources.memory" in (verdict.fix or "")


@pytest.mark.parametrize(
    ("code", "says"),
    [(139, "SIGSEGV"), (134, "SIGABRT"), (137, "SIGKILL"), (127, "not found"), (126, "not executable")],
)
def test_signals_and_start_errors_of_a_users_program(cluster: FakeCluster, code: int, says: str) -> None:
    cluster.create(make_job(policy="Never", command=["train"]))
    cluster.exit(CHIEF, code)
    assert says in judge(cluster).summary


def test_both_ends_are_told(cluster: FakeCluster) -> None:
    cluster.create(make_job(policy="Never", command=["train"]))
    cluster.exit(WORKER, 1)
    job = cluster.get(JOB)
    job["status"]["conditions"].append({"type": "Succeeded", "status": "True"})
    verdict = diagnose(build_view(job, pods=cluster.pods(JOB)))
    assert "Failed" in verdict.summary
    assert "Succeeded" in verdict.summary


@pytest.mark.parametrize(
    ("reason", "text", "kind"),
    [
        ("KeeperLost", "the keeper was killed", "keeper_lost"),
        ("TFJobFailed", "Job x has failed because it was active longer than specified deadline", "deadline"),
        (
            "TFJobFailed",
            "Job x has failed because it has reached the specified backoff limit",
            "backoff_limit",
        ),
    ],
)
def test_ends_of_the_whole_job(reason: str, text: str, kind: str) -> None:
    view = dataclasses.replace(build_view(make_job()), state="Failed", reason=reason, message=text)
    verdict = diagnose(view)
    assert (kind, 100) == (verdict.kind, verdict.exit_code)
    assert verdict.fix


def test_a_job_that_cannot_be_scheduled_says_why(cluster: FakeCluster) -> None:
    cluster = FakeCluster(start_pods=False)
    cluster.create(make_job())
    for pod in (CHIEF, WORKER):
        cluster.hold(pod, message="0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")
    verdict = judge(cluster)
    assert ("unschedulable", 101) == (verdict.kind, verdict.exit_code)
    assert "digits: all 2 replicas wait: 2 GPUs short: no node has nvidia.com/gpu free" == verdict.summary
    assert any("Insufficient nvidia.com/gpu" in line for line in verdict.evidence)


def test_a_job_whose_image_cannot_be_pulled_says_so(cluster: FakeCluster) -> None:
    cluster = FakeCluster(start_pods=False)
    cluster.create(make_job())
    cluster.hold(CHIEF, reason="ImagePullBackOff", message="not found")
    verdict = judge(cluster)
    assert ("image", 101) == (verdict.kind, verdict.exit_code)
    assert "image" in verdict.summary


def test_a_running_job_is_not_judged(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    verdict = judge(cluster)
    assert ("running", 101) == (verdict.kind, verdict.exit_code)
    assert "2 of 2 replicas run" in verdict.summary


def test_a_suspended_job_and_one_in_a_queue_are_not_the_same(cluster: FakeCluster) -> None:
    job = make_job(suspend=True)
    cluster.create(job)
    assert ("suspended", 103) == (judge(cluster).kind, judge(cluster).exit_code)
    queued = dataclasses.replace(read_job(cluster, JOB), queue="team-a")
    assert ("queued", 101) == (diagnose(queued).kind, diagnose(queued).exit_code)


def test_success_has_the_metrics_of_the_leader(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    done = Termination(status="succeeded", exit_code=0, step=600, metrics={"accuracy": 0.98})
    cluster.exit(CHIEF, 0, message=done.to_json())
    report = read_report(cluster, JOB)
    assert ("succeeded", 0) == (report.verdict.kind, report.verdict.exit_code)
    assert {"accuracy": 0.98} == report.metrics
