"""The test cluster itself: what other tests rely on."""

from __future__ import annotations

import subprocess
import threading

import pytest
from harness.api import Refused, wait_until
from harness.drive import with_pod_annotations

pytestmark = pytest.mark.cluster


def _manifest(name: str = "job", *, workers: int = 1, policy: str = "Never") -> dict:
    container = {"name": "tensorflow", "image": "example.invalid/t:1", "resources": {"limits": {"cpu": "1"}}}
    roles = {"Chief": 1, "Worker": workers}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": name},
        "spec": {
            "runPolicy": {"cleanPodPolicy": "None"},
            "tfReplicaSpecs": {
                role: {
                    "replicas": count,
                    "restartPolicy": policy,
                    "template": {"spec": {"containers": [container]}},
                }
                for role, count in roles.items()
                if count
            },
        },
    }


@pytest.fixture
def create(drive):
    def make(manifest=None, **parts):
        path = f"/apis/kubeflow.org/v1/namespaces/{drive.namespace}/tfjobs"
        return drive.api.request("POST", path, manifest or _manifest(**parts))

    return make


def test_a_job_runs_and_succeeds_with_its_chief(create, drive):
    create()
    drive.wait_running("job", 2)
    drive.exit("job-chief-0", 0)
    drive.wait_condition("job", "Succeeded")
    ended = drive.pod("job-chief-0")["status"]["containerStatuses"][0]["state"]
    assert {"terminated"} == ended.keys()
    assert (0, "Completed") == (ended["terminated"]["exitCode"], ended["terminated"]["reason"])


def test_a_container_ends_as_the_test_says(create, drive):
    create(policy="ExitCode")
    drive.wait_running("job", 2)
    drive.exit("job-worker-0", 1, reason="Error", message="the GPU check failed")
    drive.wait_condition("job", "Failed")
    ended = drive.pod("job-worker-0")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (1, "Error", "the GPU check failed") == (ended["exitCode"], ended["reason"], ended["message"])


def test_a_held_pod_stays_pending_until_it_is_released(create, drive):
    create(with_pod_annotations(_manifest(), {"sim/hold": "true"}, role="Worker"))
    pods = wait_until(
        lambda: drive.pods("job"),
        lambda found: len(found) == 2 and all(pod["status"].get("containerStatuses") for pod in found),
    )
    assert "Pending" == pods[1]["status"]["phase"]
    assert {"waiting": {"reason": "ContainerCreating"}} == pods[1]["status"]["containerStatuses"][0]["state"]
    drive.image_backoff("job-worker-0")
    state = drive.pod("job-worker-0")["status"]["containerStatuses"][0]["state"]
    assert "ImagePullBackOff" == state["waiting"]["reason"]
    drive.release("job-worker-0")
    drive.wait_running("job", 2)


def test_a_container_restarts_in_place(create, drive):
    create(policy="OnFailure")
    before = drive.wait_running("job", 2)
    drive.exit("job-worker-0", 1, message="first run")
    after = drive.wait_running("job", 2)
    assert before[1]["metadata"]["uid"] == after[1]["metadata"]["uid"]
    status = after[1]["status"]["containerStatuses"][0]
    assert 1 == status["restartCount"]
    assert "first run" == status["lastState"]["terminated"]["message"]
    drive.exit("job-worker-0", 0)
    done = wait_until(lambda: drive.pod("job-worker-0"), lambda pod: "Succeeded" == pod["status"]["phase"])
    assert 1 == done["status"]["containerStatuses"][0]["restartCount"]


def test_a_deleted_pod_stays_for_its_grace_period(create, drive):
    create()
    drive.wait_running("job", 2)
    drive.delete("job-worker-0", grace="1s")
    assert drive.pod("job-worker-0")["metadata"]["deletionTimestamp"]
    drive.wait_condition("job", "Failed")
    wait_until(lambda: len(drive.pods("job")), lambda count: count == 1)


def test_an_evicted_pod_goes(create, drive):
    create()
    drive.wait_running("job", 2)
    drive.evict("job-worker-0", grace="1s")
    drive.wait_condition("job", "Failed")


def test_the_real_webhook_refuses(create, drive):
    manifest = _manifest("9bad")
    with pytest.raises(Refused, match=r"validator\.tfjob\.training-operator"):
        create(manifest)


def test_lines_come_through_the_api_server_and_end_with_the_container(create, drive, fakes):
    create(policy="OnFailure", workers=0)
    drive.wait_running("job", 1)
    path = f"/api/v1/namespaces/{drive.namespace}/pods/job-chief-0/log"
    with pytest.raises(Refused, match="previous terminated container"):
        fakes.req("GET", f"{path}?previous=true")
    drive.write("job-chief-0", "one\ntwo")
    assert "one\ntwo\n" == fakes.req("GET", path)
    assert "two\n" == fakes.req("GET", f"{path}?tailLines=1")
    followed = []
    with fakes.api.open("GET", f"{path}?follow=true&timestamps=true") as lines:
        reader = threading.Thread(target=lambda: followed.extend(lines))
        reader.start()
        drive.write("job-chief-0", "three")
        drive.exit("job-chief-0", 1)
        reader.join(timeout=30)
    assert ["one", "two", "three"] == [line.decode().split(" ", 1)[1].strip() for line in followed]
    drive.write("job-chief-0", "second run")
    assert "second run\n" == fakes.req("GET", path)
    assert "one\ntwo\nthree\n" == fakes.req("GET", f"{path}?previous=true")


def test_kubectl_works_with_the_kubeconfig(cluster_binaries, fakes, ns):
    done = subprocess.run(
        [cluster_binaries / "kubectl", f"--kubeconfig={fakes.kubeconfig}", "get", "nodes", "-o", "name"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ["node/gpu-0", "node/gpu-1", "node/gpu-2"] == done.stdout.split()
