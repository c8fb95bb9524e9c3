"""Every engine: creating, reading, patching and deleting jobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.port import JobRef, PodRef

REF = JobRef(namespace="default", name="job")
MISSING = JobRef(namespace="default", name="missing")


def test_a_created_job_is_stored_with_an_identity(cluster, make_job):
    job = cluster.create(make_job())
    assert job["metadata"]["uid"]
    assert job["metadata"]["creationTimestamp"].endswith("Z")
    stored = cluster.get(REF)
    assert stored["metadata"]["uid"] == job["metadata"]["uid"]
    assert stored["spec"]["tfReplicaSpecs"] == make_job()["spec"]["tfReplicaSpecs"]


def test_a_job_without_a_namespace_goes_into_the_default_one(cluster, make_job):
    job = make_job()
    del job["metadata"]["namespace"]
    assert cluster.create(job)["metadata"]["namespace"] == cluster.default_namespace


def test_the_callers_manifest_is_left_as_it_is(cluster, make_job):
    job = make_job()
    before = json.dumps(job)
    cluster.create(job)
    assert json.dumps(job) == before


def test_a_dry_run_checks_and_creates_nothing(cluster, make_job):
    assert cluster.create(make_job(), dry_run=True)["metadata"]["name"] == "job"
    assert cluster.list() == []
    with pytest.raises(errors.ClusterError):
        cluster.create(make_job("9bad"), dry_run=True)


def test_without_a_queueing_system_a_job_has_no_place_and_nothing_fails(cluster, make_job):
    job = cluster.create(make_job())
    place = cluster.queue_place(REF, uid=job["metadata"]["uid"], queue="team-a")
    assert place is None or ("no_system", None) == (place.fault, place.position)
    assert cluster.queue_place(MISSING, uid="none", queue="team-a") == place


def test_a_name_that_is_taken_is_refused(cluster, make_job, submit):
    submit()
    with pytest.raises(errors.JobExists, match="job") as caught:
        cluster.create(make_job())
    assert caught.value.status == 409


@pytest.mark.parametrize(
    ("damage", "field"),
    [
        (lambda job: job["metadata"].update(name="9bad"), "metadata.name"),
        (lambda job: job["spec"].pop("tfReplicaSpecs"), "spec.tfReplicaSpecs"),
        (lambda job: job["spec"]["runPolicy"].update(backoffLimit="3"), "spec.runPolicy.backoffLimit"),
        (
            lambda job: _container(job).update(name="main"),
            "spec.tfReplicaSpecs.Chief.template.spec.containers",
        ),
        (
            lambda job: _container(job).pop("image"),
            "spec.tfReplicaSpecs.Chief.template.spec.containers[0].image",
        ),
        (lambda job: _container(job)["env"].append({"name": "A", "value": 1}), "env[1].value"),
        (lambda job: _role(job).update(restartPolicy="Sometimes"), "restartPolicy"),
    ],
)
def test_an_invalid_job_is_refused_and_the_field_is_named(cluster, make_job, damage, field):
    job = json.loads(json.dumps(make_job()))
    damage(job)
    with pytest.raises(errors.ClusterError) as caught:
        cluster.create(job)
    assert caught.value.status == 422
    assert field in caught.value.message
    assert cluster.list() == []


def _now():
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _role(job):
    return job["spec"]["tfReplicaSpecs"]["Chief"]


def _container(job):
    return _role(job)["template"]["spec"]["containers"][0]


def test_jobs_are_listed_oldest_first_and_by_selector(cluster, make_job, until):
    oldest = cluster.create(make_job("b", worker=0, labels={"team": "red"}))
    # The age that the API tells has whole seconds.
    until(_now, lambda now: now > oldest["metadata"]["creationTimestamp"])
    for name, team in (("a", "blue"), ("c", "red")):
        cluster.create(make_job(name, worker=0, labels={"team": team}))
    assert [job["metadata"]["name"] for job in cluster.list()] == ["b", "a", "c"]
    assert [job["metadata"]["name"] for job in cluster.list(selector="team=red")] == ["b", "c"]
    assert [job["metadata"]["name"] for job in cluster.list(selector="team!=red")] == ["a"]
    assert cluster.list(selector="team=red,team=blue") == []
    assert len(cluster.list(namespace="default")) == 3
    assert cluster.list(namespace="other") == []


def test_a_merge_patch_changes_and_removes(cluster, make_job, submit):
    submit(labels={"keep": "1", "drop": "1"})
    job = cluster.patch(REF, {"metadata": {"labels": {"drop": None, "new": "1"}}})
    assert job["metadata"]["labels"] == {"keep": "1", "new": "1"}
    assert cluster.get(REF)["metadata"]["labels"] == {"keep": "1", "new": "1"}


def test_a_patch_that_makes_the_job_invalid_is_refused(cluster, submit):
    submit()
    with pytest.raises(errors.ClusterError) as caught:
        cluster.patch(REF, {"spec": {"runPolicy": {"suspend": "yes"}}})
    assert caught.value.status == 422
    assert not cluster.get(REF)["spec"]["runPolicy"].get("suspend")


def test_a_deleted_job_is_gone_with_its_pods(cluster, submit, until):
    submit()
    cluster.delete(REF)
    until(cluster.list, lambda jobs: jobs == [])
    until(lambda: cluster.pods(REF), lambda pods: pods == [])
    with pytest.raises(errors.JobNotFound):
        cluster.get(REF)


def test_a_deleted_name_can_be_used_again(cluster, submit, until):
    submit()
    uid = cluster.get(REF)["metadata"]["uid"]
    cluster.delete(REF)
    until(lambda: (cluster.list(), cluster.pods(REF)), lambda left: left == ([], []))
    submit()
    assert cluster.get(REF)["metadata"]["uid"] != uid


@pytest.mark.parametrize(
    "call",
    [
        lambda cluster: cluster.get(MISSING),
        lambda cluster: cluster.patch(MISSING, {"spec": {}}),
        lambda cluster: cluster.delete(MISSING),
    ],
    ids=["get", "patch", "delete"],
)
def test_a_job_that_is_not_there_is_named(cluster, call):
    with pytest.raises(errors.JobNotFound, match="missing"):
        call(cluster)


def test_lines_of_a_pod_that_is_not_there_are_refused(cluster, submit):
    submit()
    with pytest.raises(errors.ClusterError, match="job-worker-7"):
        list(cluster.logs(PodRef(job=REF, role="worker", index=7)))


def test_pods_come_by_role_and_index_with_the_operators_labels(cluster, submit):
    submit(worker=2)
    pods = cluster.pods(REF)
    assert [pod["metadata"]["name"] for pod in pods] == ["job-chief-0", "job-worker-0", "job-worker-1"]
    labels = pods[2]["metadata"]["labels"]
    assert labels["training.kubeflow.org/job-name"] == "job"
    assert labels["training.kubeflow.org/replica-type"] == "worker"
    assert labels["training.kubeflow.org/replica-index"] == "1"
    owner = pods[2]["metadata"]["ownerReferences"][0]
    assert owner["uid"] == cluster.get(REF)["metadata"]["uid"]


def test_tf_config_names_every_replica(cluster, submit):
    submit(worker=2)
    values = [_env(pod)["TF_CONFIG"] for pod in cluster.pods(REF)]
    configs = [json.loads(value) for value in values]
    assert [config["task"] for config in configs] == [
        {"type": "chief", "index": 0},
        {"type": "worker", "index": 0},
        {"type": "worker", "index": 1},
    ]
    assert configs[0]["cluster"] == configs[2]["cluster"]
    assert {role: len(addresses) for role, addresses in configs[0]["cluster"].items()} == {
        "chief": 1,
        "worker": 2,
    }


def test_a_single_replica_has_no_tf_config(cluster, submit):
    submit(worker=0)
    assert "TF_CONFIG" not in _env(cluster.pods(REF)[0])


def test_a_namespace_that_is_in_use_is_not_ending(cluster, submit):
    submit()
    assert not cluster.is_ending(REF.namespace)


def _env(pod):
    return {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0]["env"]}
