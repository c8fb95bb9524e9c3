"""Roles of a job: the evaluator, sizes by role, overlays, and what is common to their pods."""

from __future__ import annotations

import pytest

from tfjob_kit import errors, plan
from tfjob_kit.config import schema

OWN = {"command": ["python", "train.py"]}
Sizes, Roles = schema.RoleResourcesConfig, schema.RolesConfig


def _resources(job):
    return {role.name: role.resources for role in job.roles}


def test_an_evaluator_is_outside_the_training(make):
    job = make(2, job=schema.JobConfig(evaluator=True, evaluator_gpus=1), **OWN)
    assert [("Chief", 1, 1), ("Worker", 1, 1), ("Evaluator", 1, 1)] == [
        (role.name, role.replicas, role.gpus) for role in job.roles
    ]
    assert (2, 2) == (job.topology.replicas, job.topology.gpus)
    assert (3, 3) == (job.replicas, job.gpus)
    assert "chief + 1 worker x 1 GPU = 2 GPUs · evaluator x 1 GPU · 3 GPUs in all" == plan.describe_plan(job)


def test_an_evaluator_without_gpus_needs_no_gpu_node(make):
    site = schema.SiteConfig(gpu_types={"A100": schema.GpuTypeConfig(node_selector={"gpu": "a100"})})
    job = make("A100:2", site=site, job=schema.JobConfig(evaluator=True), **OWN)
    assert [{"gpu": "a100"}, {"gpu": "a100"}, {}] == [role.node_selector for role in job.roles]
    assert {"cpu": "4", "memory": "16Gi"} == _resources(job)["Evaluator"]
    assert ["1", "1", "0"] == [dict(role.env)["TFJOB_KIT_GPUS"] for role in job.roles]
    assert "chief + 1 worker x 1 GPU = 2 GPUs of type A100 · evaluator on CPU" == plan.describe_plan(job)


def test_the_name_leaves_room_for_the_evaluators_service(make):
    evaluator = schema.JobConfig(evaluator=True)
    assert "a" * 51 == make(1, given="a" * 51, job=evaluator, **OWN).name
    with pytest.raises(errors.InvalidValue, match="may have 51"):
        make(1, given="a" * 52, job=evaluator, **OWN)


def test_the_restart_limit_counts_training_replicas(make):
    assert 7 == make(2, job=schema.JobConfig(evaluator=True), **OWN).backoff_limit


@pytest.mark.parametrize(
    ("parts", "where", "words", "hint"),
    [
        (
            {"job": schema.JobConfig(evaluator=True)},
            "job.evaluator",
            "the shipped runtime has no evaluator",
            "train.evaluate_every_steps",
        ),
        (
            {"job": schema.JobConfig(evaluator_gpus=1), **OWN},
            "job.evaluator_gpus",
            "has no evaluator",
            "job.evaluator=true",
        ),
        (
            {"overlay": schema.OverlayConfig(evaluator={"spec": {}}), **OWN},
            "overlay.evaluator",
            "has no evaluator",
            "job.evaluator=true",
        ),
        (
            {"resources": schema.ResourcesConfig(roles=Roles(evaluator=Sizes(cpu="1"))), **OWN},
            "resources.roles.evaluator",
            "has no evaluator",
            "job.evaluator=true",
        ),
    ],
)
def test_an_evaluator_that_cannot_be_is_refused(make, parts, where, words, hint):
    with pytest.raises(errors.RefusedError, match=words) as caught:
        make(2, **parts)
    assert where == caught.value.where
    assert hint in caught.value.hint


def test_an_evaluator_sees_one_mig_device(make):
    job = schema.JobConfig(evaluator=True, evaluator_gpus=2)
    with pytest.raises(errors.RefusedError, match="one MIG device, not 2"):
        make("mig-1g.10gb:2", job=job, **OWN)


def test_a_role_may_have_other_sizes(make):
    roles = Roles(worker=Sizes(memory="32Gi", shared_memory="0"), chief=Sizes(cpu="8"))
    job = make(2, resources=schema.ResourcesConfig(roles=roles))
    assert {
        "Chief": {"cpu": "8", "memory": "16Gi", "nvidia.com/gpu": "1"},
        "Worker": {"cpu": "4", "memory": "32Gi", "nvidia.com/gpu": "1"},
    } == _resources(job)
    assert [["shm", "output"], ["output"]] == [[mount.name for mount in role.mounts] for role in job.roles]


def test_sizes_of_workers_wait_for_a_job_that_has_some(make):
    resources = schema.ResourcesConfig(roles=Roles(worker=Sizes(memory="32Gi")))
    assert ["Chief"] == list(_resources(make(1, resources=resources)))


def test_disk_and_further_resources_are_asked_for(make):
    resources = schema.ResourcesConfig(
        ephemeral_storage="20Gi", extra={"example.com/fpga": "2", "hugepages-2Mi": "64Mi"}
    )
    assert {
        "cpu": "4",
        "memory": "16Gi",
        "ephemeral-storage": "20Gi",
        "nvidia.com/gpu": "1",
        "example.com/fpga": "2",
        "hugepages-2Mi": "64Mi",
    } == make(1, resources=resources).chief.resources


@pytest.mark.parametrize(
    ("name", "amount", "words"),
    [
        ("nvidia.com/gpu", "1", "is a GPU"),
        ("amd.com/gpu", "1", "is a GPU"),
        ("nvidia.com/mig-1g.10gb", "1", "is a GPU"),
        ("nvidia.com/gpu.shared", "1", "is a GPU"),
        ("example.com/card", "1", "is a GPU"),
        ("cpu", "1", "has a key of its own"),
        ("memory", "1", "has a key of its own"),
        ("ephemeral-storage", "1", "has a key of its own"),
        ("fpga", "1", "cannot be the resource"),
        ("a/b/c", "1", "cannot be the resource"),
        ("example.com/fpga", "500m", "whole numbers"),
        ("example.com/fpga", "two", "is not a quantity"),
    ],
)
def test_a_further_resource_that_cannot_be_is_refused(make, name, amount, words):
    site = schema.SiteConfig(gpu_types={"card": schema.GpuTypeConfig(resource="example.com/card")})
    with pytest.raises(errors.InvalidValue, match=words) as caught:
        make(1, site=site, resources=schema.ResourcesConfig(extra={name: amount}))
    assert f"resources.extra.{name}" == caught.value.where


@pytest.mark.parametrize(
    ("roles", "where"),
    [
        (Roles(worker=Sizes(cpu="0")), "resources.roles.worker.cpu"),
        (Roles(chief=Sizes(memory="16GB")), "resources.roles.chief.memory"),
    ],
)
def test_a_size_that_cannot_be_is_named_by_its_own_key(make, roles, where):
    with pytest.raises(errors.InvalidValue) as caught:
        make(2, resources=schema.ResourcesConfig(roles=roles))
    assert where == caught.value.where


def test_overlays_stand_in_the_order_of_merging():
    overlay = schema.OverlayConfig(all={"spec": {"a": 1}}, chief={"spec": {"b": 2}})
    both = plan.Overlay(key="overlay.all", fields={"spec": {"a": 1}})
    assert {
        "Chief": (both, plan.Overlay(key="overlay.chief", fields={"spec": {"b": 2}})),
        "Worker": (both,),
        "Evaluator": (both,),
    } == plan.make_overlays(overlay)
