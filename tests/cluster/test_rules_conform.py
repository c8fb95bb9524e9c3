"""The operator's rules as the fake and local engines have them, against the operator itself.

The same TFJob goes to the real operator and to the engine in memory; pods are compared whole, but for what
only a server knows, and conditions with their reasons and messages.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from harness.api import wait_until
from harness.drive import Drive

from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import JobRef, PodRef

pytestmark = pytest.mark.cluster

Role = tuple[str, int, str]
"""Replica type as the manifest spells it, replicas, restart policy."""

TOPOLOGIES: dict[str, list[Role]] = {
    "one-chief": [("Chief", 1, "Never")],
    "one-worker": [("Worker", 1, "OnFailure")],
    "two-workers": [("Worker", 2, "ExitCode")],
    "chief-and-workers": [("Chief", 1, "ExitCode"), ("Worker", 3, "ExitCode")],
    "evaluator": [("Chief", 1, "ExitCode"), ("Worker", 1, "ExitCode"), ("Evaluator", 1, "OnFailure")],
    "chief-ps-workers": [("Chief", 1, "Never"), ("PS", 2, "Always"), ("Worker", 2, "Never")],
    "ps-and-workers": [("PS", 1, "OnFailure"), ("Worker", 2, "OnFailure")],
    "master": [("Master", 1, "Never"), ("Worker", 1, "Never")],
    "lower-case": [("chief", 1, "Never"), ("worker", 2, "Never")],
    "own-port": [("Chief", 1, "ExitCode"), ("Worker", 1, "ExitCode")],
}
_SERVER_POD_FIELDS = {
    "dnsPolicy", "enableServiceLinks", "nodeName", "preemptionPolicy", "priority", "schedulerName",
    "securityContext", "serviceAccount", "serviceAccountName", "tolerations", "volumes",
}  # fmt: skip
_SERVER_CONTAINER_FIELDS = {"imagePullPolicy", "volumeMounts"}
_SERVER_META_FIELDS = {"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"}


def _manifest(name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": name, "namespace": namespace, "labels": {"team": "vision"}},
        "spec": {
            "runPolicy": {"cleanPodPolicy": "None"},
            "tfReplicaSpecs": {
                role: {"replicas": count, "restartPolicy": policy, "template": _template(name)}
                for role, count, policy in TOPOLOGIES[name]
            },
        },
    }


def _template(name: str) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": "tensorflow",
        "image": "example.invalid/t:1",
        "command": ["python", "/train.py"],
        "env": [{"name": "A", "value": "$(B)"}],
        "resources": {"limits": {"nvidia.com/gpu": "1", "memory": "1Gi"}, "requests": {"memory": "512Mi"}},
    }
    containers = [container]
    if name == "own-port":
        container["ports"] = [{"containerPort": 3333, "name": "tfjob-port"}]
        containers.append({"name": "sidecar", "image": "example.invalid/s:1"})
    meta = {"labels": {"app": "train"}, "annotations": {"note": "ours"}}
    return {"metadata": meta, "spec": {"terminationGracePeriodSeconds": 5, "containers": containers}}


@pytest.fixture
def both(drive, fakes, ns):
    """Gives the job to both, waits until the real one runs, and returns the two."""

    def start(name: str) -> tuple[Drive, FakeCluster, JobRef]:
        job = _manifest(name, ns)
        fakes.req("POST", f"/apis/kubeflow.org/v1/namespaces/{ns}/tfjobs", job)
        ref = JobRef(namespace=ns, name=name)
        fake = FakeCluster()
        fake.create(copy.deepcopy(job))
        drive.wait_running(name, sum(count for _, count, _ in TOPOLOGIES[name]))
        drive.wait_condition(name, "Running")
        return drive, fake, ref

    return start


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_pods_and_conditions_are_those_of_the_operator(name, both):
    real, fake, ref = both(name)
    expected = {pod["metadata"]["name"]: _of_the_operator(pod) for pod in real.pods(name)}
    made = {pod["metadata"]["name"]: _of_the_rules(pod) for pod in fake.pods(ref)}
    assert expected == made
    _compare_status(real, fake, ref)

    leader = next(iter(sorted(made)))  # chief, master, or worker 0 where it decides
    if "ps-0" in leader:
        leader = f"{name}-worker-0"
    role, index = leader.removeprefix(f"{name}-").split("-")
    real.fail(leader, 0)
    real.wait_condition(name, "Succeeded")
    fake.exit(PodRef(job=ref, role=role, index=int(index)), 0)
    _compare_status(real, fake, ref)


@pytest.mark.parametrize("code", [1, 143])
def test_a_worker_that_exits_leaves_the_same_status(code, both):
    real, fake, ref = both("chief-and-workers")
    uid = real.pod("chief-and-workers-worker-1")["metadata"]["uid"]
    real.exit("chief-and-workers-worker-1", code)
    fake.exit(PodRef(job=ref, role="worker", index=1), code)
    if code < 128:
        real.wait_condition(ref.name, "Failed")
    else:
        wait_until(
            lambda: real.pods(ref.name),
            lambda pods: len(pods) == 4 and uid not in [pod["metadata"]["uid"] for pod in pods],
        )
        real.wait_running(ref.name, 4)
    _compare_status(real, fake, ref)


def _compare_status(real: Drive, fake: FakeCluster, ref: JobRef) -> None:
    """Waits for the operator's last write: the counts follow the conditions."""
    expected = _status(fake.get(ref))
    found = wait_until(lambda: _status(real.job(ref.name)), lambda status: status == expected, seconds=15)
    assert expected == found


def _status(job: dict[str, Any]) -> Any:
    conditions = [(c["type"], c["status"], c["reason"], c["message"]) for c in job["status"]["conditions"]]
    counts = {
        role: {key: count for key, count in counts.items() if key != "selector" and count}
        for role, counts in job["status"]["replicaStatuses"].items()
    }
    return conditions, counts


def _of_the_operator(pod: dict[str, Any]) -> dict[str, Any]:
    """What the operator wrote: without what the API server, its admission and the scheduler added."""
    containers = [_without(c, _SERVER_CONTAINER_FIELDS) for c in pod["spec"]["containers"]]
    meta = _without(pod["metadata"], _SERVER_META_FIELDS)
    spec = {**_without(pod["spec"], _SERVER_POD_FIELDS), "containers": containers}
    return _plain({**pod, "apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})


def _of_the_rules(pod: dict[str, Any]) -> dict[str, Any]:
    return _plain({**pod, "metadata": _without(pod["metadata"], _SERVER_META_FIELDS)})


def _plain(pod: dict[str, Any]) -> dict[str, Any]:
    """Without status and the owner's uid; TF_CONFIG as data."""
    pod = {key: value for key, value in copy.deepcopy(pod).items() if key != "status"}
    for owner in pod["metadata"]["ownerReferences"]:
        del owner["uid"]
    for container in pod["spec"]["containers"]:
        container.setdefault("resources", {})
        for entry in container.get("env", []):
            if entry["name"] == "TF_CONFIG":
                entry["value"] = json.loads(entry["value"])
    return pod


def _without(thing: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    return {key: value for key, value in thing.items() if key not in fields}
