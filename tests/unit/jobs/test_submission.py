"""Submitting once, and a name that is taken."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from tfjob_kit import config, errors, jobs, manifest, plan
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import (
    CODE_HASH_ANNOTATION,
    INCOMPLETE_ANNOTATION,
    SUBMISSION_ANNOTATION,
    JobRef,
    PodRef,
)
from tfjob_kit.jobs import suspension, taken

JOB = JobRef(namespace="default", name="job")


@pytest.fixture
def make(tmp_path):
    """The TFJob `job` of these overrides."""

    def build(*overrides: str) -> dict[str, Any]:
        composed = config.compose(["gpus=2", *overrides], cwd=tmp_path)
        return manifest.build_tfjob(plan.make_plan(composed.config, name="job", suffix=""))

    return build


def test_a_submission_leaves_its_mark_on_the_job_and_not_on_the_manifest(make):
    cluster, job = FakeCluster(), make()
    before = copy.deepcopy(job)
    submitted = jobs.submit(cluster, job, submission="5eed")
    assert ("job", "default", "fake") == (submitted.job, submitted.namespace, submitted.engine)
    stored = cluster.get(JOB)
    assert "5eed" == stored["metadata"]["annotations"][SUBMISSION_ANNOTATION]
    for role in stored["spec"]["tfReplicaSpecs"].values():
        assert SUBMISSION_ANNOTATION not in role["template"]["metadata"]["annotations"]
    assert before == job


def test_the_same_submission_twice_is_one_job(make):
    cluster = FakeCluster()
    first = jobs.submit(cluster, make(), submission="5eed")
    assert first == jobs.submit(cluster, make(), submission="5eed")
    assert 1 == len(cluster.list())


def test_a_name_that_another_config_has_shows_the_difference(make):
    cluster = FakeCluster()
    jobs.submit(cluster, make("train.steps=100", "job.queue=a"), submission="1")
    with pytest.raises(errors.JobExists) as caught:
        jobs.submit(cluster, make("train.steps=200", "+env.A=b"), submission="2")
    assert "another job job is there already, and is Running" == caught.value.message
    assert "default/job" == caught.value.where
    assert caught.value.hint.splitlines() == [
        "train.steps: 100 → 200",
        "job.queue: a → null",
        "env.A: - → b",
        "choose another --name, or remove it with `tfjob-kit cancel job`",
    ]
    assert "job" == caught.value.existing["metadata"]["name"]


def test_a_difference_of_size_alone_can_be_had_in_place(make):
    cluster = FakeCluster()
    jobs.submit(cluster, make())
    with pytest.raises(errors.JobExists) as caught:
        jobs.submit(cluster, make("gpus=4"))
    assert caught.value.hint.splitlines()[:2] == [
        "gpus: 2 → 4",
        "`tfjob-kit resize job gpus=4` changes it and goes on from its checkpoint",
    ]


def test_many_differences_are_cut(make):
    cluster = FakeCluster()
    jobs.submit(cluster, make())
    with pytest.raises(errors.JobExists) as caught:
        jobs.submit(cluster, make(*(f"+env.V{number}=1" for number in range(20))))
    assert "and 8 more: `tfjob-kit diff job`" == caught.value.hint.splitlines()[12]


def test_a_job_of_other_makers_has_no_config_to_compare(make):
    cluster, foreign = FakeCluster(), make()
    for role in foreign["spec"]["tfReplicaSpecs"].values():
        role["template"]["spec"]["containers"][0].pop("env")
    foreign["metadata"].pop("labels")
    cluster.create(foreign)
    with pytest.raises(errors.JobExists, match="another job") as caught:
        jobs.submit(cluster, make())
    assert "it was not made by tfjob-kit" == caught.value.hint.splitlines()[0]


@pytest.mark.parametrize(
    ("code", "state", "hint"),
    [
        (None, "is Running", "follow it with `tfjob-kit logs job --follow`"),
        (0, "has Succeeded", "`tfjob-kit status job` shows its results"),
        (1, "has Failed", "`tfjob-kit retry job` goes on from its last checkpoint"),
    ],
)
def test_the_same_config_and_code_says_what_became_of_it(make, code, state, hint):
    cluster = FakeCluster()
    jobs.submit(cluster, make(), submission="1")
    if code is not None:
        cluster.exit(PodRef(job=JOB, role="chief", index=0), code)
    with pytest.raises(errors.JobExists) as caught:
        jobs.submit(cluster, make(), submission="2")
    assert f"job is there already with this very config and code, and {state}" == caught.value.message
    assert hint == caught.value.hint.splitlines()[0]


def test_the_same_config_with_other_code_is_another_run(make):
    old, new = make(), make()
    old["metadata"]["annotations"][CODE_HASH_ANNOTATION] = "a" * 64
    new["metadata"]["annotations"][CODE_HASH_ANNOTATION] = "b" * 64
    cluster = FakeCluster()
    cluster.create(old)
    found = taken.compare_with(cluster.get(JOB), new)
    assert (False, False) == (found.is_same, found.is_incomplete)
    assert [("code", "a" * 8, "b" * 8)] == [(d.key, d.old, d.new) for d in found.differences]


def test_a_job_that_was_left_incomplete_is_told(make):
    job = make()
    job["metadata"]["annotations"][INCOMPLETE_ANNOTATION] = "true"
    cluster = FakeCluster()
    cluster.create(job)
    found = taken.compare_with(cluster.get(JOB), make())
    assert (True, True) == (found.is_same, found.is_incomplete)


def test_a_job_that_was_left_incomplete_says_so_and_is_not_resumed(make):
    job = make("job.suspend=true")
    job["metadata"]["annotations"][INCOMPLETE_ANNOTATION] = "true"
    cluster = FakeCluster()
    cluster.create(job)
    verdict = jobs.read_report(cluster, JOB).verdict
    assert "job has not begun" in verdict.summary
    assert "`tfjob-kit run` with --name job completes it" in verdict.fix
    with pytest.raises(errors.RefusedError, match="job is not complete"):
        suspension.resume_job(cluster, JOB, stop=threading.Event())
