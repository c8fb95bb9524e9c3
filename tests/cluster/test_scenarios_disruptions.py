"""Pods that are taken away on the real operator: it fails the job, and the verdict says what happened."""

from __future__ import annotations

import pytest
from harness.drive import Drive
from harness.nodes import FakeNode
from harness.plane import Plane
from scenes import TIME, Scene, Told, expected_replica, expected_view, make_job

from tfjob_kit.jobs import read_report
from tfjob_kit.jobs.replica_view import Deletion

pytestmark = pytest.mark.cluster

RUNNING, TERMINATING = ("Running", None, 0), ("Terminating", None, 0)
MERGE_PATCH = "application/merge-patch+json"


def drained(told: Told) -> str:
    """The verdict's sentence, once it is known to be one of a drained job."""
    assert told.finished is not None
    verdict = told.finished.verdict
    assert ("Failed", "drained", 100) == (told.finished.state, verdict.kind, verdict.exit_code)
    assert "`tfjob-kit retry job` goes on from its last checkpoint" in (verdict.fix or "")
    return verdict.summary


@pytest.mark.parametrize(
    ("act", "reason", "says"),
    [
        ("delete", None, "worker-0 was deleted while it ran on "),
        ("evict", "EvictionByEvictionAPI", "worker-0 was evicted from "),
    ],
)
def test_a_worker_pod_that_is_taken_away_while_it_runs(
    scene: Scene, drive: Drive, act: str, reason: str | None, says: str
) -> None:
    scene.begin(make_job())
    node = drive.wait_running("job", 2)[1]["spec"]["nodeName"]
    scene.until_state("Running")
    getattr(drive, act)("job-worker-0", grace="2s")
    scene.until_state("Failed")
    view = scene.view()
    drive.write("job-worker-0", "saved at step 20")
    told = scene.end()
    assert f"job was drained or deleted: {says}{node}" in drained(told)
    assert ["Running", "Failed"] == told.states
    assert {"chief-0": [RUNNING], "worker-0": [RUNNING, TERMINATING]} == told.replicas
    assert {"worker-0": ["saved at step 20"]} == told.lines
    assert [] == told.notices
    message = f"TFJob {scene.ref.namespace}/job has failed because 1 Worker replica(s) failed."
    words = "Eviction API: evicting" if reason else None
    gone = {"state": "Terminating", "deletion": Deletion(time=TIME, reason=reason, message=words)}
    replicas = (expected_replica(scene.ref, "chief-0"), expected_replica(scene.ref, "worker-0", **gone))
    assert expected_view(scene.ref, state="Failed", message=message, replicas=replicas) == view


def test_a_deleted_pod_is_remembered_when_its_trace_is_gone(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(cleanPodPolicy="Running"))
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.delete("job-worker-0")
    summary = drained(scene.end())
    assert "worker-0 was deleted while it ran on" in summary
    report = read_report(scene.cluster, scene.ref)
    assert ["Deleted", "Deleted"] == [r.state for r in report.view.replicas]
    assert "job was drained or deleted: worker-0 is gone and left no exit code" == report.verdict.summary


def test_a_pod_whose_node_gets_a_taint_is_evicted(scene: Scene, drive: Drive, fakes: Plane) -> None:
    own = f"own-{scene.ref.namespace}"
    keep_out = {"key": "own", "value": own, "effect": "NoSchedule"}
    fakes.add_nodes((FakeNode(name=own, labels={"own": own}, taints=(keep_out,)),))
    toleration = {"key": "own", "operator": "Exists", "effect": "NoSchedule"}
    scene.begin(make_job(pod={"nodeSelector": {"own": own}, "tolerations": [toleration]}))
    drive.wait_running("job", 2)
    scene.until_state("Running")
    out = {"key": "maintenance", "value": "now", "effect": "NoExecute"}
    fakes.req("PATCH", f"/api/v1/nodes/{own}", {"spec": {"taints": [keep_out, out]}}, MERGE_PATCH)
    summary = drained(scene.end())
    fakes.req("DELETE", f"/api/v1/nodes/{own}")
    assert f"was evicted from {own}, which got a NoExecute taint" in summary


def test_a_job_that_is_deleted_while_followed_was_cancelled(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_state("Running")
    scene.cluster.delete(scene.ref)
    told = scene.end()
    assert told.finished is not None
    verdict = told.finished.verdict
    assert ("Deleted", "cancelled", 103) == (told.finished.state, verdict.kind, verdict.exit_code)
    assert "job was cancelled: it was deleted while Running" == verdict.summary
    assert ["Running"] == told.states


def test_a_job_whose_namespace_is_deleted_was_cancelled_with_it(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job())
    drive.wait_running("job", 2)
    scene.until_state("Running")
    drive.api.request("DELETE", f"/api/v1/namespaces/{scene.ref.namespace}")
    told = scene.end()
    assert told.finished is not None
    verdict = told.finished.verdict
    assert ("Deleted", "cancelled", 103) == (told.finished.state, verdict.kind, verdict.exit_code)
    assert f"job was cancelled: its namespace {scene.ref.namespace} was deleted" == verdict.summary
