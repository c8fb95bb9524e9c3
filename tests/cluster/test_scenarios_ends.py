"""How jobs end on the real operator: each as `follow` tells it, and as the view of the whole job."""

from __future__ import annotations

import dataclasses

import pytest
from harness.drive import Drive
from scenes import Scene, expected_replica, expected_view, has_ended, make_job

from tfjob_kit.contract import Termination, format_progress
from tfjob_kit.jobs.events import LogLine

pytestmark = pytest.mark.cluster

RUNNING = ("Running", None, 0)
FAILED_WORKER = 'job "job" is failing because "Worker" replica(s) failed.'
FAILED_CHIEF = 'job "job" is failing because "Chief" replica(s) failed.'


def test_a_chief_and_three_workers_succeed(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(roles={"Chief": 1, "Worker": 3}))
    drive.wait_running("job", 4)
    scene.until_state("Running")
    drive.write("job-chief-0", format_progress({"step": 10, "total_steps": 20, "loss": 0.5}))
    drive.write("job-worker-2", "from the third worker")
    scene.until(lambda events: 2 == sum(isinstance(e, LogLine) for e in events))
    drive.write("job-chief-0", format_progress({"step": 20, "total_steps": 20, "loss": 0.25}))
    done = Termination(status="succeeded", exit_code=0, step=20, metrics={"accuracy": 0.98})
    for index in range(3):
        drive.exit(f"job-worker-{index}", 0)
    drive.exit("job-chief-0", 0, message=done.to_json())
    told = scene.end()
    assert told.finished is not None
    assert ["Running", "Succeeded"] == told.states
    names = ["chief-0", "worker-0", "worker-1", "worker-2"]
    assert {name: [RUNNING, ("Succeeded", 0, 0)] for name in names} == told.replicas
    assert ["from the third worker"] == told.lines["worker-2"]
    assert [10, 20] == told.steps
    assert [] == told.notices
    assert ("Succeeded", {"accuracy": 0.98}) == (told.finished.state, told.finished.metrics)
    assert ("succeeded", 0) == (told.finished.verdict.kind, told.finished.verdict.exit_code)
    chief = has_ended(0, message=done.to_json(), termination=done)
    workers = tuple(expected_replica(scene.ref, name, **has_ended(0)) for name in names[1:])
    assert (
        expected_view(
            scene.ref,
            state="Succeeded",
            progress={"step": 20, "total_steps": 20, "loss": 0.25},
            replicas=(expected_replica(scene.ref, "chief-0", **chief), *workers),
        )
        == scene.view()
    )


@pytest.mark.parametrize("role", ["Chief", "Worker"])
def test_a_single_replica_has_no_tf_config_and_succeeds(scene: Scene, drive: Drive, role: str) -> None:
    scene.begin(make_job(roles={role: 1}))
    (pod,) = drive.wait_running("job", 1)
    assert "env" not in pod["spec"]["containers"][0]
    scene.until_state("Running")
    name = f"{role.lower()}-0"
    drive.exit(f"job-{name}", 0)
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert {name: [RUNNING, ("Succeeded", 0, 0)]} == told.replicas
    replica = expected_replica(scene.ref, name, **has_ended(0))
    assert expected_view(scene.ref, state="Succeeded", replicas=(replica,)) == scene.view()


def test_an_evaluator_may_outlive_the_job(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(roles={"Chief": 1, "Worker": 1, "Evaluator": 1}))
    drive.wait_running("job", 3)
    scene.until_state("Running")
    drive.write("job-evaluator-0", "evaluates")
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert [RUNNING] == told.replicas["evaluator-0"]
    assert {"evaluator-0": ["evaluates"]} == told.lines
    replicas = (
        expected_replica(scene.ref, "chief-0", **has_ended(0)),
        expected_replica(scene.ref, "worker-0", **has_ended(0)),
        expected_replica(scene.ref, "evaluator-0"),
    )
    assert expected_view(scene.ref, state="Succeeded", replicas=replicas) == scene.view()


@pytest.mark.parametrize(
    ("replica", "message"), [("worker-0", FAILED_WORKER), ("chief-0", FAILED_CHIEF)], ids=["worker", "chief"]
)
def test_a_permanent_exit_code_fails_the_job(scene: Scene, drive: Drive, replica: str, message: str) -> None:
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.write(f"job-{replica}", "Traceback: it broke")
    words = Termination(status="failed", exit_code=1, error="ValueError: shapes", where="models/a.py:7")
    drive.exit(f"job-{replica}", 1, message=words.to_json())
    told = scene.end()
    assert told.finished is not None
    verdict = told.finished.verdict
    assert ("Failed", "failed", 100) == (told.finished.state, verdict.kind, verdict.exit_code)
    assert f"job Failed: {replica} ended with exit code 1: " in verdict.summary
    assert "ValueError: shapes (models/a.py:7)" in verdict.summary
    assert f"{replica} | Traceback: it broke" in verdict.evidence
    assert ["Running", "Failed"] == told.states
    other = "chief-0" if replica == "worker-0" else "worker-0"
    assert {replica: [RUNNING, ("Failed", 1, 0)], other: [RUNNING]} == told.replicas
    assert [] == told.notices
    broken = expected_replica(scene.ref, replica, **has_ended(1, message=words.to_json(), termination=words))
    replicas = sorted((broken, expected_replica(scene.ref, other)), key=lambda r: r.name)
    view = expected_view(scene.ref, state="Failed", message=message, replicas=tuple(replicas))
    assert dataclasses.replace(view, reason="TFJobFailed") == scene.view()


@pytest.mark.parametrize(
    ("code", "reason"), [(143, None), (137, "OOMKilled")], ids=["asked to stop", "out of memory"]
)
def test_a_retryable_exit_code_makes_the_pod_anew_and_the_job_goes_on(
    scene: Scene, drive: Drive, code: int, reason: str | None
) -> None:
    scene.begin(make_job(annotations={"sim/hold": "true"}))
    for name in ("job-chief-0", "job-worker-0"):
        scene.until(lambda _, name=name: any(p["metadata"]["name"] == name for p in drive.pods("job")))
        drive.release(name)
    first = drive.wait_running("job", 2)[1]["metadata"]["uid"]
    scene.until_state("Running")
    drive.write("job-worker-0", "first life")
    scene.until(lambda events: any(isinstance(e, LogLine) for e in events))
    drive.exit("job-worker-0", code, reason=reason)
    scene.until_made_anew("job-worker-0", first)
    drive.release("job-worker-0")
    scene.until(lambda events: 2 == _count_running(events, "worker-0"))
    assert first != drive.pod("job-worker-0")["metadata"]["uid"]
    drive.wait_condition("job", "Running")
    assert (
        expected_view(
            scene.ref,
            replicas=(
                expected_replica(scene.ref, "chief-0"),
                expected_replica(scene.ref, "worker-0", recreated=1),
            ),
        )
        == scene.view()
    )
    drive.write("job-worker-0", "second life")
    scene.until(lambda events: 2 == sum(isinstance(e, LogLine) for e in events))
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert ["Running", "Restarting", "Running", "Succeeded"] == told.states
    assert [RUNNING, ("Failed", code, 0), RUNNING, ("Succeeded", 0, 0)] == told.replicas["worker-0"]
    assert {"worker-0": ["first life", "second life"]} == told.lines
    assert [] == told.notices


def test_out_of_memory_under_a_policy_that_never_restarts_is_said(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(policy="Never"))
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.exit("job-worker-0", 137, reason="OOMKilled")
    told = scene.end()
    assert told.finished is not None
    verdict = told.finished.verdict
    assert ("oom", 100) == (verdict.kind, verdict.exit_code)
    assert "job Failed: worker-0 ended with exit code 137: out of memory (limit 64Mi)" == verdict.summary
    assert "resources.memory" in (verdict.fix or "")
    assert ["Running", "Failed"] == told.states
    assert {"chief-0": [RUNNING], "worker-0": [RUNNING, ("Failed", 137, 0)]} == told.replicas
    failed = f"TFJob {scene.ref.namespace}/job has failed because 1 Worker replica(s) failed."
    replicas = (
        expected_replica(scene.ref, "chief-0"),
        expected_replica(scene.ref, "worker-0", **has_ended(137, reason="OOMKilled")),
    )
    assert (
        expected_view(scene.ref, state="Failed", message=failed, restart_policy="Never", replicas=replicas)
        == scene.view()
    )


def test_a_container_that_is_restarted_in_place_goes_on_in_its_pod(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(policy="OnFailure"))
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.write("job-worker-0", "run 0")
    drive.exit("job-worker-0", 1)
    drive.write("job-worker-0", "run 1")
    scene.until(lambda events: 2 == sum(isinstance(e, LogLine) for e in events))
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert [RUNNING, ("Running", None, 1), ("Succeeded", 0, 1)] == told.replicas["worker-0"]
    assert {"worker-0": ["run 0", "run 1"]} == told.lines
    assert 1 == scene.view().replicas[1].restarts


def test_no_line_is_lost_or_doubled_though_connections_break(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(roles={"Chief": 1}))
    drive.wait_running("job", 1)
    written = [f"line {number}" for number in range(40)]
    for number, text in enumerate(written):
        drive.write("job-chief-0", text)
        if number % 10 == 9:
            scene.until(lambda events, least=number - 5: least <= sum(isinstance(e, LogLine) for e in events))
            drive.cut_logs("job-chief-0")
    scene.until(lambda events: any(isinstance(e, LogLine) and e.text == written[-1] for e in events))
    drive.exit("job-chief-0", 0)
    assert {"chief-0": written} == scene.end().lines


def _count_running(events: list, name: str) -> int:
    return sum(getattr(e, "replica", None) == name and getattr(e, "state", None) == "Running" for e in events)
