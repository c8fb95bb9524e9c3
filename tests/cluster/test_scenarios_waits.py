"""Replicas that do not start on the real scheduler and operator: one plain line why, and the job's view."""

from __future__ import annotations

from typing import Any

import pytest
from harness.drive import Drive
from harness.nodes import FakeNode
from harness.plane import Plane
from scenes import Scene, expected_replica, expected_view, make_job

pytestmark = pytest.mark.cluster

NOT_YET: dict[str, Any] = {"run": None, "node": None, "started": None}
SELECTOR = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}


@pytest.mark.parametrize(
    ("job", "says", "scheduler"),
    [
        (
            make_job(gpus=6),
            "all 2 replicas wait: no node is large enough: a replica asks for 6 nvidia.com/gpu",
            "Insufficient nvidia.com/gpu",
        ),
        (
            make_job(pod={"nodeSelector": SELECTOR}),
            "all 2 replicas wait: no node has the label nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3",
            "didn't match Pod's node affinity/selector",
        ),
    ],
    ids=["too many GPUs", "wrong type"],
)
def test_a_job_that_fits_nowhere_says_why(
    scene: Scene, drive: Drive, job: dict[str, Any], says: str, scheduler: str
) -> None:
    scene.begin(job)
    scene.until_notice(says)
    view = scene.view()
    messages = {replica.message or "" for replica in view.replicas}
    assert all(scheduler in message for message in messages)
    gpus = view.replicas[0].gpus
    waiting = {**NOT_YET, "state": "Pending", "reason": "Unschedulable", "gpus": gpus}
    replicas = tuple(
        expected_replica(scene.ref, r.name, **waiting, message=r.message, selector=r.selector)
        for r in view.replicas
    )
    assert expected_view(scene.ref, state="Created", gpus=2 * gpus, replicas=replicas) == view
    scene.cluster.delete(scene.ref)
    told = scene.end()
    assert [says] == told.notices
    assert {name: [("Pending", None, 0)] for name in ("chief-0", "worker-0")} == told.replicas


def test_replicas_that_find_no_free_gpu_wait_until_there_is_one(
    scene: Scene, drive: Drive, fakes: Plane
) -> None:
    own = f"own-{scene.ref.namespace}"
    keep_out = {"key": "own", "value": own, "effect": "NoSchedule"}
    fakes.add_nodes((FakeNode(name=own, gpus=2, labels={"own": own}, taints=(keep_out,)),))
    toleration = {"key": "own", "operator": "Exists"}
    job = make_job(
        roles={"Chief": 1, "Worker": 2}, pod={"nodeSelector": {"own": own}, "tolerations": [toleration]}
    )
    scene.begin(job)
    scene.until_notice("1 GPU short: of ")
    drive.exit("job-worker-0" if _runs(drive, "job-worker-0") else "job-worker-1", 0)
    drive.wait_condition("job", "Running")
    drive.exit("job-chief-0", 0)
    told = scene.end()
    fakes.req("DELETE", f"/api/v1/nodes/{own}")
    assert 1 == len(told.notices), told.notices
    assert "waits: 1 GPU short: of " in told.notices[0]
    assert "has no nvidia.com/gpu free" in told.notices[0]


def test_a_taint_that_is_not_tolerated_is_said(scene: Scene, drive: Drive, fakes: Plane) -> None:
    own = f"own-{scene.ref.namespace}"
    taint = {"key": "team", "value": "vision", "effect": "NoSchedule"}
    fakes.add_nodes((FakeNode(name=own, labels={"own": own}, taints=(taint,)),))
    scene.begin(make_job(pod={"nodeSelector": {"own": own}}))
    scene.until_notice("has a taint that is not tolerated")
    scene.cluster.delete(scene.ref)
    told = scene.end()
    fakes.req("DELETE", f"/api/v1/nodes/{own}")
    assert 1 == len(told.notices), told.notices
    assert told.notices[0].startswith("all 2 replicas wait: of ")


def test_an_image_that_cannot_be_pulled_is_said_until_it_can(scene: Scene, drive: Drive) -> None:
    scene.begin(make_job(annotations={"sim/hold": "true"}))
    for name in ("job-chief-0", "job-worker-0"):
        scene.until(lambda _, name=name: any(p["metadata"]["name"] == name for p in drive.pods("job")))
        drive.image_backoff(name, message='Back-off pulling image "registry.example/train:1": not found')
    says = "all 2 replicas wait: the image registry.example/train:1 cannot be pulled: "
    says += "the registry does not have it"
    scene.until_notice(says)
    view = scene.view()
    waiting = {**NOT_YET, "node": "node", "state": "Pending", "reason": "ImagePullBackOff"}
    message = 'Back-off pulling image "registry.example/train:1": not found'
    replicas = tuple(
        expected_replica(scene.ref, name, **waiting, message=message) for name in ("chief-0", "worker-0")
    )
    assert expected_view(scene.ref, state="Created", replicas=replicas) == view
    drive.release("job-chief-0")
    drive.release("job-worker-0")
    drive.wait_running("job", 2)
    drive.exit("job-worker-0", 0)
    drive.exit("job-chief-0", 0)
    told = scene.end()
    assert [says] == [notice for notice in told.notices if notice.startswith("all")]
    assert told.finished is not None
    assert 0 == told.finished.verdict.exit_code


def test_a_quota_that_refuses_pods_is_said_though_the_job_has_no_condition(
    scene: Scene, drive: Drive
) -> None:
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"requests.nvidia.com/gpu": "1"}}}
    drive.api.request("POST", f"/api/v1/namespaces/{scene.ref.namespace}/resourcequotas", quota)
    scene.begin(make_job(gpus=2), silence=1.0)
    says = "all 2 replicas wait: the quota q allows 1 nvidia.com/gpu, of which 0 used: 2 more asked"
    scene.until_notice(says)
    missing = {**NOT_YET, "state": "Missing", "gpus": 2}
    replicas = tuple(expected_replica(scene.ref, name, **missing) for name in ("chief-0", "worker-0"))
    view = expected_view(
        scene.ref, state="Pending", gpus=4, replicas=replicas, started=None, reason=None, message=None
    )
    assert view == scene.view()
    scene.cluster.delete(scene.ref)
    told = scene.end()
    assert [says] == told.notices, "the operator is not said to be silent"
    assert told.finished is not None
    assert "job was cancelled: it was deleted while Pending" == told.finished.verdict.summary


def _runs(drive: Drive, pod: str) -> bool:
    return drive.pod(pod)["status"]["phase"] == "Running"
