"""The expected manifests against the real API server, the real CRD and restricted pod security."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.api import Refused, exists, wait_until
from harness.drive import Drive, make_namespace

pytestmark = pytest.mark.cluster

MANIFESTS = sorted((Path(__file__).parents[1] / "golden" / "manifests").glob("*.yaml"))
PLAIN = "digits.yaml"
# What a user asked for by name, and the standard forbids; nothing else in there does.
_LOCKS = (
    'unrestricted capabilities (container "tensorflow" must not include "IPC_LOCK" in '
    "securityContext.capabilities.add)"
)
_MAY_BE_ROOT = (
    'runAsNonRoot != true (pod or container "tensorflow" must set securityContext.runAsNonRoot=true)'
)
VIOLATIONS = {
    "volumes": ['restricted volume types (volume "dataset" uses restricted volume type "hostPath")'],
    "nfs": ['restricted volume types (volume "dataset" uses restricted volume type "nfs")'],
    "host-paths": [
        'restricted volume types (volumes "cache", "topology" use restricted volume type "hostPath")'
    ],
    "rdma": [_LOCKS],
    "rdma-root": [_LOCKS, _MAY_BE_ROOT, "runAsUser=0 (pod must not set runAsUser=0)"],
    "host-network": [
        "host namespaces (hostNetwork=true)",
        'hostPort (container "tensorflow" uses hostPorts 2222, 2223, 2224)',
    ],
    "image-user": [_MAY_BE_ROOT],
}
# What the milder standard refuses of them too.
BASELINE = {"volumes", "host-paths", "rdma", "rdma-root", "host-network"}
_STRICT = "fieldValidation=Strict&fieldManager=test"
_POLICY = re.compile(r'is forbidden: violates PodSecurity "[a-z]+:latest": (?P<violations>.*)')
# Cluster-wide objects that pods name, and what these need beside their name. None preempts: that ends jobs.
_NAMED = {
    "priorityClassName": (
        "/apis/scheduling.k8s.io/v1/priorityclasses",
        {"value": 1, "preemptionPolicy": "Never"},
    ),
    "runtimeClassName": ("/apis/node.k8s.io/v1/runtimeclasses", {"handler": "nvidia"}),
}


@pytest.fixture(scope="module")
def namespace(plane) -> Iterator[str]:
    """One for all manifests: nothing is stored in it."""
    name = f"manifests-{uuid.uuid4().hex[:5]}"
    make_namespace(plane.api, name)
    yield name
    plane.req("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def make_room(fakes) -> Iterator[Callable[[str], str]]:
    """Makes namespaces that enforce a standard of pod security and hold what the manifests name."""
    made: list[str] = []

    def make(standard: str) -> str:
        name = f"{standard}-{uuid.uuid4().hex[:5]}"
        make_namespace(fakes.api, name, labels={"pod-security.kubernetes.io/enforce": standard})
        made.append(f"/api/v1/namespaces/{name}")
        pods = [pod["spec"] for file in MANIFESTS for _, pod in _pods(_read(file, name))]
        for account in {pod["serviceAccountName"] for pod in pods if "serviceAccountName" in pod}:
            fakes.req("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": account}})
        for field, (path, rest) in _NAMED.items():
            for named in {pod[field] for pod in pods if field in pod}:
                if not exists(fakes.api, f"{path}/{named}"):
                    fakes.req("POST", path, {"metadata": {"name": named}, **rest})
                    made.append(f"{path}/{named}")
        return name

    yield make
    for path in reversed(made):
        fakes.req("DELETE", path)


@pytest.fixture(scope="module")
def restricted(make_room) -> str:
    """A namespace that takes no pod beneath the restricted standard."""
    return make_room("restricted")


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_a_strict_api_server_accepts_the_manifest_and_keeps_every_field(file, plane, namespace):
    job = _read(file, namespace)
    stored = plane.req("POST", f"{_jobs(namespace)}?dryRun=All&{_STRICT}", job)
    assert job["spec"] == _given(stored["spec"], job["spec"])
    for part in ("labels", "annotations"):
        assert job["metadata"].get(part, {}) == stored["metadata"].get(part, {})


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_the_pods_are_restricted_or_it_is_known_why_not(file, fakes, restricted):
    expected = VIOLATIONS.get(file.stem, [])
    for role, pod in _pods(_read(file, restricted)):
        assert (role, expected) == (role, _violations(fakes, restricted, pod))


def test_the_baseline_standard_refuses_what_reaches_into_the_node(fakes, make_room):
    name = make_room("baseline")
    known = [file for file in MANIFESTS if file.stem in VIOLATIONS]
    refused = {
        file.stem for file in known for _, pod in _pods(_read(file, name)) if _violations(fakes, name, pod)
    }
    assert refused == BASELINE


@pytest.mark.slow
def test_the_operator_makes_every_pod_as_its_template_says(fakes, make_room):
    name = make_room("privileged")
    jobs = [_read(file, name) for file in MANIFESTS]
    for job in jobs:
        fakes.req("POST", _jobs(name), job)
    expected = {
        f"{job['metadata']['name']}-{pod['metadata']['name']}": pod for job in jobs for pod in _made(job)
    }
    drive = Drive(fakes.api, name, fakes.logs)
    wait_until(
        lambda: (sorted(set(expected) - set(_all_pods(fakes, name))), _refusals(drive)),
        lambda waiting: not waiting[0] or waiting[1],
        what="pods made, and none refused",
    )
    found = _all_pods(fakes, name)
    assert ([], set(expected)) == (_refusals(drive), set(found))
    for pod, template in expected.items():
        assert [] == _lost(template["spec"], found[pod]["spec"]), pod
        assert [] == _lost(template["metadata"]["labels"], found[pod]["metadata"]["labels"]), pod


def test_the_pods_that_the_operator_makes_are_no_less_restricted(fakes, restricted):
    job = _read(MANIFESTS[0].with_name(PLAIN), restricted)
    fakes.req("POST", _jobs(restricted), job)
    drive = Drive(fakes.api, restricted, fakes.logs)
    pods, refused = wait_until(
        lambda: (drive.pods(job["metadata"]["name"]), _refusals(drive)),
        lambda found: len(found[0]) == len(_pods(job)) or found[1],
    )
    assert (len(_pods(job)), []) == (len(pods), refused)


def test_the_restricted_standard_is_enforced(fakes, restricted):
    ((_, pod), *_) = _pods(_read(MANIFESTS[0].with_name(PLAIN), restricted))
    pod["spec"]["hostNetwork"] = True
    pod["spec"]["containers"][0]["securityContext"]["capabilities"]["add"] = ["SYS_ADMIN"]
    assert [
        "host namespaces (hostNetwork=true)",
        'hostPort (container "tensorflow" uses hostPorts 2222, 2223, 2224)',
        'unrestricted capabilities (container "tensorflow" must not include "SYS_ADMIN" in '
        "securityContext.capabilities.add)",
    ] == _violations(fakes, restricted, pod)


def test_a_field_that_does_not_exist_is_refused(plane, namespace):
    job = _read(MANIFESTS[0], namespace)
    job["spec"]["runPolicy"]["cleanPods"] = "None"
    with pytest.raises(Refused) as caught:
        plane.req("POST", f"{_jobs(namespace)}?dryRun=All&{_STRICT}", job)
    assert 'unknown field "spec.runPolicy.cleanPods"' in caught.value.message


def _jobs(namespace: str) -> str:
    return f"/apis/kubeflow.org/v1/namespaces/{namespace}/tfjobs"


def _read(file: Path, namespace: str) -> dict[str, Any]:
    job = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
    job["metadata"]["namespace"] = namespace
    return job


def _pods(job: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Role and pod of each replica, as the operator makes them out of the templates."""
    return [
        (
            role,
            {
                "metadata": spec["template"]["metadata"] | {"name": f"{role.lower()}-{index}"},
                "spec": spec["template"]["spec"] | {"restartPolicy": _restart_policy(spec)},
            },
        )
        for role, spec in job["spec"]["tfReplicaSpecs"].items()
        for index in range(spec["replicas"])
    ]


def _made(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The pods that this cluster's operator makes at once: none of a job that is suspended or another's."""
    policy = job["spec"]["runPolicy"]
    is_ours = policy.get("managedBy", "kubeflow.org/training-operator") == "kubeflow.org/training-operator"
    return [pod for _, pod in _pods(job)] if is_ours and not policy["suspend"] else []


def _all_pods(fakes: Any, namespace: str) -> dict[str, Any]:
    items = fakes.req("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
    return {pod["metadata"]["name"]: pod for pod in items}


def _lost(sent: Any, stored: Any, path: str = "") -> list[str]:
    """Places of what was sent and is not there. Items of lists may have others beside them."""
    if isinstance(sent, dict) and isinstance(stored, dict):
        return [
            lost for key, value in sent.items() for lost in _lost(value, stored.get(key), f"{path}.{key}")
        ]
    if isinstance(sent, list) and isinstance(stored, list):
        return [
            f"{path}[{index}]"
            for index, item in enumerate(sent)
            if all(_lost(item, other) for other in stored)
        ]
    return [] if sent == stored else [path]


def _restart_policy(spec: dict[str, Any]) -> str:
    return "Never" if spec["restartPolicy"] == "ExitCode" else spec["restartPolicy"]


def _violations(fakes: Any, namespace: str, pod: dict[str, Any]) -> list[str]:
    """What pod security has against a pod; any other refusal is raised."""
    try:
        fakes.req("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All&{_STRICT}", pod)
    except Refused as refused:
        if (found := _POLICY.search(refused.message)) is None:
            raise
        return [f"{each.rstrip(')')})" for each in found["violations"].split("), ")]
    return []


def _given(stored: Any, sent: Any) -> Any:
    """What was sent, as it is stored: fields that the server filled in are left out."""
    if isinstance(sent, dict):
        return {key: _given(stored[key], value) for key, value in sent.items() if key in stored}
    if isinstance(sent, list) and len(sent) == len(stored):
        return [_given(one, other) for one, other in zip(stored, sent, strict=True)]
    return copy.deepcopy(stored)


def _refusals(drive: Drive) -> list[str]:
    path = f"/api/v1/namespaces/{drive.namespace}/events?fieldSelector=reason%3DFailedCreatePod"
    return [event["message"] for event in drive.api.request("GET", path)["items"]]
