from __future__ import annotations

import copy

import pytest

from tfjob_kit import errors, manifest, plan
from tfjob_kit.cluster import rules
from tfjob_kit.config import schema

ROLES = "spec.tfReplicaSpecs"
CHIEF = f"{ROLES}.Chief"
CONTAINER = f"{CHIEF}.template.spec.containers[0]"


def _set(job, path, value):
    keys = path.split("/")
    for key in keys[:-1]:
        job = job[int(key) if isinstance(job, list) else key]
    job[keys[-1]] = value


def test_what_the_kit_builds_is_valid():
    config = schema.RunConfig(gpus=schema.Size(replicas=4, per_replica=1))
    rules.validate(manifest.build_tfjob(plan.make_plan(config, name="job", suffix="", config_yaml="")))


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("kind", "PyTorchJob", "kind"),
        ("metadata", None, "metadata"),
        ("metadata/name", "9bad", "metadata.name"),
        ("metadata/name", "a" * 64, "metadata.name"),
        ("metadata/labels", {"a": 1}, "metadata.labels[a]"),
        ("spec", [], "spec"),
        ("spec/tfReplicaSpecs", None, ROLES),
        ("spec/runPolicy/backoffLimit", True, "spec.runPolicy.backoffLimit"),
        ("spec/runPolicy/suspend", "true", "spec.runPolicy.suspend"),
        ("spec/runPolicy/managedBy", "me", "spec.runPolicy.managedBy"),
        ("spec/tfReplicaSpecs/Master", {}, f"{ROLES}.Master.template.spec.containers"),
        ("spec/tfReplicaSpecs/Chief", None, CHIEF),
        ("spec/tfReplicaSpecs/Chief/replicas", "2", f"{CHIEF}.replicas"),
        ("spec/tfReplicaSpecs/Chief/restartPolicy", "onFailure", f"{CHIEF}.restartPolicy"),
        ("spec/tfReplicaSpecs/Chief/template/spec/containers", [], f"{CHIEF}.template.spec.containers"),
        ("spec/tfReplicaSpecs/Chief/template/spec/containers", ["x"], CONTAINER),
        (
            "spec/tfReplicaSpecs/Chief/template/spec/containers/0/name",
            "main",
            f"{CHIEF}.template.spec.containers",
        ),
        ("spec/tfReplicaSpecs/Chief/template/spec/containers/0/image", "", f"{CONTAINER}.image"),
        ("spec/tfReplicaSpecs/Chief/template/spec/containers/0/command", [1], f"{CONTAINER}.command[0]"),
        (
            "spec/tfReplicaSpecs/Chief/template/spec/containers/0/env",
            [{"value": "1"}],
            f"{CONTAINER}.env[0].name",
        ),
    ],
)
def test_what_an_api_server_would_refuse_is_refused_by_field(make_job, path, value, where):
    job = make_job()
    _set(job, path, value)
    with pytest.raises(errors.ClusterError) as caught:
        rules.validate(job)
    assert caught.value.status == 422
    assert caught.value.where == where
    assert where in caught.value.message


def test_chief_and_master_together_are_refused(make_job):
    with pytest.raises(errors.ClusterError, match="not both"):
        rules.validate(make_job(Chief=1, Master=1))


def test_a_manager_cannot_change(make_job):
    old = make_job()
    new = copy.deepcopy(old)
    rules.validate(new, old=old)
    new["spec"]["runPolicy"]["managedBy"] = "kueue.x-k8s.io/multikueue"
    with pytest.raises(errors.ClusterError, match="cannot change"):
        rules.validate(new, old=old)
