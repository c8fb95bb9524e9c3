"""Suspended, resumed and resized on the real operator."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from harness.drive import Drive
from scenes import Scene, expected_replica, expected_view, make_job

from tfjob_kit.contract import Termination
from tfjob_kit.jobs.suspension import resume_job, suspend_job, wait_for_rest

pytestmark = pytest.mark.cluster

RUNNING = ("Running", None, 0)
GONE: dict[str, Any] = {"run": None, "node": None, "started": None, "state": "Suspended"}


def suspend(scene: Scene, drive: Drive) -> None:
    """Suspends the job; its pods take a second to end."""
    for pod in drive.pods("job"):
        drive._annotate(pod["metadata"]["name"], {"sim/grace": "1s"})
    assert suspend_job(scene.cluster, scene.ref)
    assert wait_for_rest(scene.cluster, scene.ref, stop=threading.Event()) is not None


def tf_config(pod: dict[str, Any]) -> dict[str, list[str]]:
    env = {entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0]["env"]}
    return json.loads(env["TF_CONFIG"])["cluster"]


def test_a_suspended_job_has_no_pods_and_goes_on_when_resumed(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_state("Running")
    suspend(scene, drive)
    told = scene.end()
    assert told.finished is not None
    verdict = told.finished.verdict
    assert ("Suspended", "suspended", 103) == (told.finished.state, verdict.kind, verdict.exit_code)
    assert ["Running", "Suspended"] == told.states
    replicas = tuple(expected_replica(scene.ref, name, **GONE) for name in ("chief-0", "worker-0"))
    assert expected_view(scene.ref, state="Suspended", replicas=replicas) == scene.view()

    assert resume_job(scene.cluster, scene.ref, stop=threading.Event())
    scene.events.clear()
    scene.follow()
    drive.wait_running("job", 2)
    scene.until_state("Running")
    replicas = tuple(expected_replica(scene.ref, name) for name in ("chief-0", "worker-0"))
    assert expected_view(scene.ref, replicas=replicas) == scene.view()
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0, message=Termination(status="succeeded", exit_code=0, step=9).to_json())
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert {
        "chief-0": [RUNNING, ("Succeeded", 0, 0)],
        "worker-0": [RUNNING, ("Succeeded", 0, 0)],
    } == told.replicas


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)], ids=["up", "down"])
def test_a_job_is_resized_while_it_is_suspended(scene: Scene, drive: Drive, before: int, after: int) -> None:
    scene.begin(make_job(roles={"Chief": 1, "Worker": before}))
    drive.wait_running("job", 1 + before)
    scene.until_state("Running")
    suspend(scene, drive)
    scene.end()
    scene.cluster.patch(scene.ref, {"spec": {"tfReplicaSpecs": {"Worker": {"replicas": after}}}})
    assert resume_job(scene.cluster, scene.ref, stop=threading.Event())
    scene.events.clear()
    scene.follow()
    pods = drive.wait_running("job", 1 + after)
    assert all(after == len(tf_config(pod)["worker"]) for pod in pods)
    scene.until_state("Running")
    names = ["chief-0", *(f"worker-{index}" for index in range(after))]
    scene.until(
        lambda events: (
            len(names) == sum(getattr(e, "state", "") == "Running" and hasattr(e, "replica") for e in events)
        )
    )
    replicas = tuple(expected_replica(scene.ref, name) for name in names)
    assert expected_view(scene.ref, replicas=replicas) == scene.view()
    for name in reversed(names):
        drive.exit(f"job-{name}", 0)
    told = scene.end()
    assert {name: [RUNNING, ("Succeeded", 0, 0)] for name in names} == told.replicas


def test_who_follows_a_job_follows_it_through_a_resize(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(roles={"Chief": 1, "Worker": 2}))
    drive.wait_running("job", 3)
    scene.until_state("Running")
    mark = {"metadata": {"annotations": {"tfjob-kit/resizing": "to 2 replicas"}}}
    scene.cluster.patch(scene.ref, mark)
    suspend(scene, drive)
    scene.until_state("Suspended")
    scene.cluster.patch(scene.ref, {"spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1}}}})
    assert resume_job(scene.cluster, scene.ref, stop=threading.Event())
    drive.wait_running("job", 2)
    scene.until(
        lambda events: (
            2 == sum(getattr(e, "state", "") == "Running" and not hasattr(e, "replica") for e in events)
        )
    )
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert told.finished is not None
    assert 0 == told.finished.verdict.exit_code
    assert "Suspended" in told.states
    assert [*told.states[:2], *told.states[-2:]] == ["Running", "Suspended", "Running", "Succeeded"]
    assert 2 == len(scene.view().replicas)
