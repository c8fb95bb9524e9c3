"""Every engine: what a job owns beside its pods, and the same submission sent twice."""

from __future__ import annotations

import copy

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.port import CONFIG_HASH_LABEL, INCOMPLETE_ANNOTATION, SUBMISSION_ANNOTATION, JobRef

REF = JobRef(namespace="default", name="job")
PROGRAM = "print('ünïcode')\r\n"
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "job-code-1a2b3c4d"},
    "immutable": True,
    "data": {"models.net.py": PROGRAM},
    "binaryData": {"models.table.bin": "AP8="},
}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "job"},
    "spec": {"minAvailable": 2, "selector": {"matchLabels": {"training.kubeflow.org/job-name": "job"}}},
}
ITEMS = [
    {"key": "models.net.py", "path": "models/net.py"},
    {"key": "models.table.bin", "path": "models/table.bin"},
]


@pytest.fixture
def make_bundled(make_job):
    """A job that mounts the ConfigMap's keys as files."""

    def make(submission: str = "5eed"):
        job = make_job()
        job["metadata"]["annotations"] = {SUBMISSION_ANNOTATION: submission}
        job["metadata"]["labels"] = {CONFIG_HASH_LABEL: "0123456789abcdef"}
        for role in job["spec"]["tfReplicaSpecs"].values():
            spec = role["template"]["spec"] = copy.deepcopy(role["template"]["spec"])
            spec["volumes"] = [
                {"name": "code", "configMap": {"name": "job-code-1a2b3c4d", "items": ITEMS}},
            ]
            spec["containers"][0]["volumeMounts"] = [
                {"name": "code", "mountPath": "/tfjob-kit/code", "readOnly": True}
            ]
        return job

    return make


def test_companions_are_stored_as_given_and_owned_by_the_job(cluster, make_bundled):
    job = cluster.create(make_bundled(), companions=[BUDGET, CONFIG_MAP])
    stored = cluster.companions(REF)
    assert ["ConfigMap", "PodDisruptionBudget"] == [thing["kind"] for thing in stored]
    assert (CONFIG_MAP["data"], CONFIG_MAP["binaryData"]) == (stored[0]["data"], stored[0]["binaryData"])
    assert 2 == stored[1]["spec"]["minAvailable"]
    for thing in stored:
        owner = thing["metadata"]["ownerReferences"][0]
        assert (job["metadata"]["uid"], "TFJob", "job") == (owner["uid"], owner["kind"], owner["name"])


def test_a_job_with_companions_runs_as_it_was_asked_for(cluster, make_bundled, running):
    job = cluster.create(make_bundled(), companions=[CONFIG_MAP])
    running(REF, 2)
    assert not cluster.get(REF)["spec"]["runPolicy"].get("suspend")
    assert INCOMPLETE_ANNOTATION not in cluster.get(REF)["metadata"]["annotations"]
    assert job["metadata"]["uid"] == cluster.get(REF)["metadata"]["uid"]


def test_a_job_that_is_asked_for_suspended_stays_so(cluster, make_bundled):
    job = make_bundled()
    job["spec"]["runPolicy"]["suspend"] = True
    cluster.create(job, companions=[CONFIG_MAP])
    stored = cluster.get(REF)
    assert stored["spec"]["runPolicy"]["suspend"] is True
    assert INCOMPLETE_ANNOTATION not in stored["metadata"]["annotations"]
    assert 1 == len(cluster.companions(REF))


def test_a_job_without_companions_has_none(cluster, make_job):
    cluster.create(make_job())
    assert [] == cluster.companions(REF)
    with pytest.raises(errors.JobNotFound):
        cluster.companions(JobRef(namespace="default", name="missing"))


def test_the_callers_companions_are_left_as_they_are(cluster, make_bundled):
    given = [copy.deepcopy(CONFIG_MAP)]
    cluster.create(make_bundled(), companions=given)
    assert [CONFIG_MAP] == given


def test_companions_go_with_the_job(cluster, make_bundled, until):
    cluster.create(make_bundled(), companions=[CONFIG_MAP])
    cluster.delete(REF)
    until(lambda: cluster.list(), lambda jobs: jobs == [])
    with pytest.raises(errors.JobNotFound):
        cluster.companions(REF)
    # The name is free again, whatever the old companions were called.
    until(lambda: _created(cluster, make_bundled("0ther")), lambda created: created)
    assert 1 == len(cluster.companions(REF))


def test_the_same_submission_sent_twice_is_one_job(cluster, make_bundled):
    first = cluster.create(make_bundled(), companions=[CONFIG_MAP])
    again = cluster.create(make_bundled(), companions=[CONFIG_MAP])
    assert first["metadata"]["uid"] == again["metadata"]["uid"]
    assert 1 == len(cluster.list())
    assert 1 == len(cluster.companions(REF))


def test_another_submission_of_a_taken_name_is_refused_and_shows_the_job(cluster, make_bundled):
    first = cluster.create(make_bundled(), companions=[CONFIG_MAP])
    with pytest.raises(errors.JobExists) as caught:
        cluster.create(make_bundled("0ther"), companions=[CONFIG_MAP])
    assert first["metadata"]["uid"] == caught.value.existing["metadata"]["uid"]


def test_a_dry_run_with_companions_creates_nothing(cluster, make_bundled):
    cluster.create(make_bundled(), companions=[CONFIG_MAP, BUDGET], dry_run=True)
    assert [] == cluster.list()


def _created(cluster, job) -> bool:
    try:
        cluster.create(job, companions=[CONFIG_MAP])
    except errors.JobExists:
        return False
    return True


def test_a_companion_can_be_replaced_and_added_later(cluster, make_job):
    cluster.create(make_job())
    cluster.put_companion(REF, BUDGET)
    larger = {**BUDGET, "spec": {**BUDGET["spec"], "minAvailable": 4}}
    cluster.put_companion(REF, larger)
    (stored,) = cluster.companions(REF)
    assert 4 == stored["spec"]["minAvailable"]
    assert cluster.get(REF)["metadata"]["uid"] == stored["metadata"]["ownerReferences"][0]["uid"]


def test_a_job_that_is_not_there_gets_no_companion(cluster):
    with pytest.raises(errors.JobNotFound):
        cluster.put_companion(JobRef(namespace="default", name="nobody"), BUDGET)
