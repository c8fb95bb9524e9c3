"""The documented Role is enough for the whole engine, and each of its rules is needed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from harness.drive import Drive

from tfjob_kit import errors
from tfjob_kit.cluster.port import JobRef, PodRef

pytestmark = pytest.mark.cluster

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "code"}, "data": {"a": "1"}}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "job"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"training.kubeflow.org/job-name": "job"}}},
}


def _job(ns: str) -> dict[str, Any]:
    container = {"name": "tensorflow", "image": "example.invalid/tf:1"}
    volume = {"name": "code", "configMap": {"name": "code"}}
    template = {"spec": {"containers": [container], "volumes": [volume]}}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": "job", "namespace": ns, "annotations": {"tfjob-kit/submission": "s"}},
        "spec": {
            "tfReplicaSpecs": {"Chief": {"replicas": 1, "restartPolicy": "Never", "template": template}}
        },
    }


def test_the_documented_role_is_enough_for_every_call(as_user, drive: Drive, ns: str) -> None:
    engine, ref = as_user(), JobRef(namespace=ns, name="job")
    engine.create(_job(ns), dry_run=True)
    engine.create(_job(ns), companions=[CONFIG_MAP, BUDGET])
    pod = PodRef(job=ref, role="chief", index=0)
    drive.wait_running("job", 1)
    drive.write(pod.name, "a line")
    assert ["job"] == [job["metadata"]["name"] for job in engine.list(namespace=ns)]
    assert ["job-chief-0"] == [found["metadata"]["name"] for found in engine.pods(ref)]
    assert engine.events(ref)
    assert ["a line"] == [entry.text for entry in engine.logs(pod)]
    assert ["code", "job"] == [thing["metadata"]["name"] for thing in engine.companions(ref)]
    stop = threading.Event()
    for change in engine.watch(namespace=ns, name="job", stop=stop):
        if change.type == "BOOKMARK":
            assert {} == change.object
            stop.set()
    capacity = engine.capacity(namespace=ns)
    assert (None, None, []) == (capacity.nodes, capacity.pods, capacity.quotas)
    engine.put_companion(ref, BUDGET)
    assert engine.patch(ref, {"metadata": {"labels": {"a": "1"}}})["metadata"]["labels"] == {"a": "1"}
    engine.delete(ref)


def test_what_is_missing_is_named(as_user, drive: Drive, ns: str) -> None:
    engine, ref = as_user(without=("pods/log", "events", "configmaps")), JobRef(namespace=ns, name="job")
    job = _job(ns)
    del job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]["volumes"]
    engine.create(job)
    drive.wait_running("job", 1)
    with pytest.raises(errors.NotAllowed, match=f"you may not get pods/log in namespace `{ns}`") as caught:
        list(engine.logs(PodRef(job=ref, role="chief", index=0)))
    assert "you are `jane`" in (caught.value.hint or "")
    with pytest.raises(errors.NotAllowed, match="list events"):
        engine.events(ref)
    with pytest.raises(errors.NotAllowed, match="in all namespaces"):
        engine.list()
    with pytest.raises(errors.NotAllowed, match="create configmaps"):
        engine.put_companion(ref, CONFIG_MAP)
