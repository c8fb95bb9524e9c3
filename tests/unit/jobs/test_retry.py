"""`retry`: the next attempt at a job that failed."""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit import contract, errors
from tfjob_kit.cluster import port
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import JobRef, PodRef
from tfjob_kit.jobs import suspension
from tfjob_kit.jobs.retry import attempt_of, next_attempt

from .planned import planned_job

FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}


def failed(*overrides: str, name: str = "train", attempt: int | None = None) -> dict[str, Any]:
    job = {**planned_job("gpus=2", *overrides, name=name), "status": FAILED}
    if attempt is not None:
        job["metadata"]["annotations"][port.ATTEMPT_ANNOTATION] = str(attempt)
    return job


LONG = "a" * 54


@pytest.mark.parametrize(
    ("name", "attempt", "expected"),
    [
        ("train", None, "train-2"),
        ("train-2", 2, "train-3"),
        ("train-9", 9, "train-10"),
        ("train-2", None, "train-2-2"),
        ("run-2024", None, "run-2024-2"),
        (LONG, None, "a" * 52 + "-2"),
        ("a" * 52 + "-9", 9, "a" * 51 + "-10"),
        ("a" * 51 + "-bc", None, "a" * 51 + "-2"),
    ],
)
def test_attempts_are_numbered_behind_the_first_name(name: str, attempt: int | None, expected: str) -> None:
    assert expected == next_attempt(failed(name=name, attempt=attempt)).ref.name


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["placement.pack_by=zone", "placement.spread_by=node", "placement.topology_spread={rack: 1}"],
        ["placement.pack_by=node", "placement.strict=true"],
        ["command=[train]", "job.evaluator=true", "+sidecars.log={image: 'l:1', mounts: {output: /logs}}"],
        ["job.gang.enabled=true", "overlay.all={spec: {containers: [{name: log, image: 'l:1'}]}}"],
    ],
)
def test_an_attempt_is_the_old_job_under_another_name(overrides: list[str]) -> None:
    old = failed(*overrides)
    attempt = next_attempt(old)
    wanted = planned_job("gpus=2", *overrides, name="train-2")
    assert wanted["spec"] == attempt.job["spec"]
    assert wanted["metadata"]["labels"] == attempt.job["metadata"]["labels"]
    notes = attempt.job["metadata"]["annotations"]
    assert ("2", "train") == (notes[port.ATTEMPT_ANNOTATION], notes[port.RETRY_OF_ANNOTATION])
    assert 2 == attempt_of(attempt.job)
    assert "status" not in attempt.job


def test_replicas_of_two_attempts_are_strangers() -> None:
    def run_id(job: dict[str, Any]) -> str:
        env = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]["env"]
        return next(entry["value"] for entry in env if entry["name"] == contract.RUN_ID_ENV)

    old = failed()
    assert run_id(next_attempt(old).job) != run_id(old)
    assert run_id(next_attempt(old).job).startswith("train-2-")


def test_what_belongs_to_the_old_submission_is_left_behind() -> None:
    old = failed()
    old["metadata"] |= {"uid": "u", "resourceVersion": "7"}
    old["metadata"]["annotations"] |= {
        port.SUBMISSION_ANNOTATION: "abc",
        suspension.SAVED_STEP_ANNOTATION: "20",
        "theirs": "kept",
    }
    new = next_attempt(old).job["metadata"]
    assert {"name", "namespace", "labels", "annotations"} == set(new)
    assert "kept" == new["annotations"]["theirs"]
    assert port.SUBMISSION_ANNOTATION not in new["annotations"]
    assert suspension.SAVED_STEP_ANNOTATION not in new["annotations"]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([], "train has not failed, it is Pending"),
        ([{"type": "Running", "status": "True"}], "train has not failed, it is Running"),
        ([{"type": "Suspended", "status": "True"}], "train has not failed, it is suspended"),
        ([{"type": "Succeeded", "status": "True"}], "train has Succeeded: there is nothing to try again"),
    ],
)
def test_a_job_that_has_not_failed_is_refused(conditions: list[Any], message: str) -> None:
    job = failed("job.suspend=true") | {"status": {"conditions": conditions}}
    with pytest.raises(errors.RefusedError) as caught:
        next_attempt(job)
    assert message == caught.value.message
    assert caught.value.hint


def test_what_the_old_job_owned_goes_along_under_names_of_its_own() -> None:
    server = {"uid": "u", "resourceVersion": "7", "ownerReferences": [{"uid": "old"}]}
    labels = {"app.kubernetes.io/instance": "train", "team": "a"}
    code = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "train-code-1234abcd", "namespace": "default", "labels": labels, **server},
        "immutable": True,
        "data": {"a.py": "pass"},
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "train", "namespace": "default", "labels": labels, **server},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {port.JOB_NAME_LABEL: "train"}}},
        "status": {"disruptionsAllowed": 0},
    }
    old = failed()
    chief = old["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]
    chief["volumes"].append({"name": "code", "configMap": {"name": "train-code-1234abcd"}})
    attempt = next_attempt(old, companions=[code, budget])
    new_code, new_budget = attempt.companions
    assert "train-2-code-1234abcd" == new_code["metadata"]["name"]
    assert {"app.kubernetes.io/instance": "train-2", "team": "a"} == new_code["metadata"]["labels"]
    assert {"name", "namespace", "labels", "annotations"} == set(new_code["metadata"])
    assert ({"a.py": "pass"}, True) == (new_code["data"], new_code["immutable"])
    assert "train-2" == new_budget["metadata"]["name"]
    assert {port.JOB_NAME_LABEL: "train-2"} == new_budget["spec"]["selector"]["matchLabels"]
    assert "status" not in new_budget
    mounted = attempt.job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]["volumes"][-1]
    assert "train-2-code-1234abcd" == mounted["configMap"]["name"]
    assert "train" == budget["spec"]["selector"]["matchLabels"][port.JOB_NAME_LABEL]


def test_the_engine_takes_the_attempt_beside_the_old_job() -> None:
    cluster = FakeCluster()
    ref = JobRef(namespace="default", name="train")
    cluster.create(planned_job("gpus=2"))
    cluster.exit(PodRef(job=ref, role="chief", index=0), 1)
    cluster.create(next_attempt(cluster.get(ref)).job)
    assert ["train", "train-2"] == [job["metadata"]["name"] for job in cluster.list()]
