from __future__ import annotations

import hashlib

import pytest

from tfjob_kit import config as configs
from tfjob_kit import errors, plan
from tfjob_kit.config import schema

P = schema.RestartPolicy
SITE = schema.SiteConfig(gpu_types={"A100": schema.GpuTypeConfig(), "T4": schema.GpuTypeConfig(shared=True)})


@pytest.mark.parametrize(
    ("size", "parts", "text"),
    [
        (1, {}, "chief x 1 GPU · global batch 64"),
        ("1x4", {}, "chief x 4 GPUs · global batch 64 = 16 per GPU"),
        (2, {}, "chief + 1 worker x 1 GPU = 2 GPUs · global batch 64 = 32 per replica"),
        (4, {}, "chief + 3 workers x 1 GPU = 4 GPUs · global batch 64 = 16 per replica"),
        ("2x4", {}, "chief + 1 worker x 4 GPUs = 8 GPUs · global batch 64 = 32 per replica = 8 per GPU"),
        (0, {}, "chief on CPU · global batch 64"),
        (0, {"replicas": 2}, "chief + 1 worker on CPU · global batch 64 = 32 per replica"),
        (2, {"command": ["train"]}, "chief + 1 worker x 1 GPU = 2 GPUs"),
        (
            "mig-1g.10gb:2",
            {},
            "chief + 1 worker x 1 MIG device = 2 MIG devices of type mig-1g.10gb"
            " · global batch 64 = 32 per replica",
        ),
        ("T4:1", {"site": SITE}, "chief x 1 shared GPU of type T4 · global batch 64"),
        (
            "A100:2x2",
            {"site": SITE, "command": ["train"], "job": schema.JobConfig(evaluator=True)},
            "chief + 1 worker x 2 GPUs = 4 GPUs of type A100 · evaluator on CPU",
        ),
    ],
)
def test_a_plan_is_described_in_one_line(make, size, parts, text):
    assert plan.describe_plan(make(size, **parts)) == text


@pytest.mark.parametrize(
    ("parts", "policy", "limit"),
    [
        ({}, "ExitCode", None),
        ({"command": ["train"]}, "OnFailure", 7),
        ({"command": ["train"], "job": schema.JobConfig(backoff_limit=3)}, "OnFailure", 3),
        ({"job": schema.JobConfig(restart_policy=P.OnFailure)}, "OnFailure", 7),
        ({"job": schema.JobConfig(restart_policy=P.Never)}, "Never", None),
    ],
)
def test_the_restart_policy_follows_from_what_runs(make, parts, policy, limit):
    job = make(2, **parts)
    assert (job.restart_policy, job.backoff_limit) == (policy, limit)


def test_the_shipped_runtime_has_three_ports_and_ones_own_program_one(make):
    assert make().ports == {"tfjob-port": 2222, "agent": 2223, "metrics": 2224}
    assert make(command=["train"]).ports == {"tfjob-port": 2222}
    assert make().command == ("python", "-m", "tfjob_kit.runtime")


def test_the_hash_is_that_of_the_configs_text(make):
    sha256 = hashlib.sha256(b"steps: 1\n").hexdigest()
    job = make()
    assert job.config_hash == sha256[:16]
    assert job.labels["tfjob-kit/config-hash"] == sha256[:16]
    assert job.annotations["tfjob-kit/config-sha256"] == sha256


def test_without_a_text_the_config_is_written_down(make_config):
    config = make_config()
    job = plan.make_plan(config, name="job", suffix="")
    assert dict(job.chief.env)["TFJOB_KIT_CONFIG"] == configs.to_yaml(config)


def test_the_same_config_makes_the_same_plan(make):
    assert make(4) == make(4)


def test_the_site_decides_on_the_namespace_before_the_context(make_config):
    config = make_config(site=schema.SiteConfig(namespace="research"))
    assert plan.make_plan(config, name="a", suffix="", default_namespace="mine").namespace == "research"
    assert plan.make_plan(make_config(), name="a", suffix="", default_namespace="mine").namespace == "mine"


def test_labels_of_the_user_are_kept_beside_ours(make):
    job = make(job=schema.JobConfig(labels={"team": "vision"}, annotations={"example.com/note": "any text"}))
    assert job.labels["team"] == "vision"
    assert job.labels["app.kubernetes.io/managed-by"] == "tfjob-kit"
    assert job.labels["app.kubernetes.io/name"] == "digits_cnn"
    assert job.annotations["example.com/note"] == "any text"


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"labels": {"team": "two words"}}, "job.labels.team"),
        ({"labels": {"team": "x" * 64}}, "job.labels.team"),
        ({"labels": {"-a": "1"}}, "job.labels.-a"),
        ({"labels": {"training.kubeflow.org/job-name": "x"}}, "job.labels.training.kubeflow.org/job-name"),
        ({"annotations": {"tfjob-kit/version": "x"}}, "job.annotations.tfjob-kit/version"),
        ({"annotations": {"Bad/a": "x"}}, "job.annotations.Bad/a"),
    ],
)
def test_labels_that_cannot_be_are_refused(make, parts, where):
    with pytest.raises(errors.InvalidValue) as caught:
        make(job=schema.JobConfig(**parts))
    assert caught.value.where == where


@pytest.mark.parametrize("parts", [{"cpu": "0"}, {"memory": "0"}])
def test_a_replica_without_cpu_or_memory_is_refused(make, parts):
    with pytest.raises(errors.InvalidValue):
        make(resources=schema.ResourcesConfig(**{"shared_memory": "0", **parts}))


def test_a_job_without_an_image_is_refused(make):
    with pytest.raises(errors.InvalidValue, match="image"):
        make(site=schema.SiteConfig(image=""))
