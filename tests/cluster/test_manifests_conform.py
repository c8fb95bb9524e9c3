"""The expected manifests against the real API server, the real CRD and restricted pod security."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.api import Refused, exists, wait_until
from harness.drive import Drive, make_namespace

pytestmark = pytest.mark.cluster

MANIFESTS = sorted((Path(__file__).parents[1] / "golden" / "manifests").glob("*.yaml"))
_STRICT = "fieldValidation=Strict&fieldManager=test"
_PRIORITIES = "/apis/scheduling.k8s.io/v1/priorityclasses"
# A folder of the node is what a user asked for by name; the standard forbids it, and nothing else in there.
_OWN_FAULT = {"volumes": 'restricted volume types (volume "dataset" uses restricted volume type "hostPath")'}


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_a_strict_api_server_accepts_the_manifest_and_keeps_every_field(file, plane, ns):
    job = _read(file, ns)
    stored = plane.req("POST", f"{_jobs(ns)}?dryRun=All&{_STRICT}", job)
    assert job["spec"] == _given(stored["spec"], job["spec"])
    for part in ("labels", "annotations"):
        assert job["metadata"].get(part, {}) == stored["metadata"].get(part, {})


@pytest.fixture
def restricted(fakes, ns) -> Iterator[Drive]:
    """A namespace that takes no pod beneath the restricted standard, with what the manifests name."""
    name = f"{ns}-r"
    make_namespace(fakes.api, name, labels={"pod-security.kubernetes.io/enforce": "restricted"})
    fakes.req("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "trainer"}})
    if not exists(fakes.api, f"{_PRIORITIES}/batch"):
        fakes.req("POST", _PRIORITIES, {"metadata": {"name": "batch"}, "value": 1})
    yield Drive(fakes.api, name, fakes.logs)
    fakes.req("DELETE", f"/api/v1/namespaces/{name}")


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_the_pods_that_the_operator_makes_are_restricted(file, restricted):
    job = _read(file, restricted.namespace)
    job["spec"]["runPolicy"]["suspend"] = False
    restricted.api.request("POST", _jobs(restricted.namespace), job)
    count = sum(role["replicas"] for role in job["spec"]["tfReplicaSpecs"].values())
    pods, refused = wait_until(
        lambda: (restricted.pods(job["metadata"]["name"]), _refusals(restricted)),
        lambda found: len(found[0]) == count or found[1],
    )
    if (fault := _OWN_FAULT.get(file.stem)) is not None:
        assert {f'violates PodSecurity "restricted:latest": {fault}'} == {_reason(text) for text in refused}
    else:
        assert [] == refused
        assert count == len(pods)


def test_the_restricted_standard_is_enforced(restricted):
    job = _read(MANIFESTS[0], restricted.namespace)
    for role in job["spec"]["tfReplicaSpecs"].values():
        role["template"]["spec"]["hostNetwork"] = True
    restricted.api.request("POST", _jobs(restricted.namespace), job)
    assert "host namespaces" in wait_until(lambda: _refusals(restricted))[0]


def test_a_field_that_does_not_exist_is_refused(plane, ns):
    job = _read(MANIFESTS[0], ns)
    job["spec"]["runPolicy"]["cleanPods"] = "None"
    with pytest.raises(Refused) as caught:
        plane.req("POST", f"{_jobs(ns)}?dryRun=All&{_STRICT}", job)
    assert 'unknown field "spec.runPolicy.cleanPods"' in caught.value.message


def _jobs(namespace: str) -> str:
    return f"/apis/kubeflow.org/v1/namespaces/{namespace}/tfjobs"


def _read(file: Path, namespace: str) -> dict[str, Any]:
    job = yaml.safe_load(file.read_text())
    job["metadata"]["namespace"] = namespace
    return job


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


def _reason(text: str) -> str:
    """`Error creating: pods "x" is forbidden: REASON`."""
    return text.partition("is forbidden: ")[2]
