"""Gangs, queues and managers of a job."""

from __future__ import annotations

import pytest

from tfjob_kit import errors, plan
from tfjob_kit.config import schema

Gang, Job, Manager = schema.GangConfig, schema.JobConfig, schema.ManagedBy


def test_a_gang_starts_whole_unless_it_says_otherwise(make):
    whole = plan.SchedulingPolicy(
        min_available=4, queue=None, priority_class=None, timeout_seconds=None, min_resources={}
    )
    assert whole == make(4, job=Job(gang=Gang(enabled=True))).scheduling
    part = Gang(
        enabled=True,
        min_available=2,
        queue="research",
        priority_class="high",
        timeout=600,
        min_resources={"nvidia.com/gpu": "2"},
    )
    assert (
        plan.SchedulingPolicy(
            min_available=2,
            queue="research",
            priority_class="high",
            timeout_seconds=600,
            min_resources={"nvidia.com/gpu": "2"},
        )
        == make(4, job=Job(gang=part)).scheduling
    )


def test_the_evaluator_is_in_the_gang(make):
    job = make(2, command=["train"], job=Job(evaluator=True, gang=Gang(enabled=True)))
    assert 3 == job.scheduling.min_available


def test_without_a_gang_there_is_no_policy(make):
    assert make(4).scheduling is None


def test_queue_priority_and_manager_are_kept(make):
    job = make(2, job=Job(queue="team-a", queue_priority="low", managed_by=Manager.multikueue))
    assert ("team-a", "low", "kueue.x-k8s.io/multikueue") == (job.queue, job.queue_priority, job.managed_by)
    assert "kubeflow.org/training-operator" == make(2, job=Job(managed_by=Manager.operator)).managed_by
    assert make(2).managed_by is None


@pytest.mark.parametrize(
    ("job", "where", "words"),
    [
        (Job(gang=Gang(enabled=True, min_available=3)), "job.gang.min_available", "the job has 2"),
        (Job(gang=Gang(min_available=2)), "job.gang.min_available", "the job is none"),
        (Job(gang=Gang(queue="q")), "job.gang.queue", "the job is none"),
        (Job(gang=Gang(min_resources={"cpu": "1"})), "job.gang.min_resources", "the job is none"),
        (Job(queue_priority="low"), "job.queue_priority", "stands in none"),
        (Job(managed_by=Manager.multikueue), "job.managed_by", "nobody would start it"),
        (Job(success_policy=schema.SuccessPolicy.AllWorkers), "job.success_policy", "has a chief"),
    ],
)
def test_what_could_have_no_effect_or_never_start_is_refused(make, job, where, words):
    with pytest.raises(errors.RefusedError, match=words) as caught:
        make(2, job=job)
    assert where == caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize(
    ("job", "where"),
    [
        (Job(gang=Gang(enabled=True, queue="Research")), "job.gang.queue"),
        (Job(gang=Gang(enabled=True, priority_class="a b")), "job.gang.priority_class"),
        (Job(gang=Gang(enabled=True, min_resources={"cpu": "4x"})), "job.gang.min_resources.cpu"),
        (Job(queue="Team_A"), "job.queue"),
        (Job(queue="q" * 64), "job.queue"),
        (Job(queue="a", queue_priority="Low"), "job.queue_priority"),
    ],
)
def test_names_that_cannot_be_are_refused(make, job, where):
    with pytest.raises(errors.InvalidValue) as caught:
        make(2, job=job)
    assert where == caught.value.where
