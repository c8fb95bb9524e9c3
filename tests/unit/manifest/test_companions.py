"""What a TFJob owns beside its pods, and how the code is mounted."""

from __future__ import annotations

import base64
import dataclasses

import pytest

from tfjob_kit import manifest, plan
from tfjob_kit.config import CodeBundle, CodeFile, plain, schema
from tfjob_kit.plan import GitFacts

BUNDLE = CodeBundle(
    files=(
        CodeFile(path="models/net.py", key="models.net.py", content=b"x = 1\n"),
        CodeFile(path="run.sh", key="run.sh", content=b"#!/bin/sh\n", is_executable=True),
        CodeFile(path="table.npy", key="table.npy", content=b"\x93NUMPY\x00"),
    ),
    sha256="1a2b3c4d" + "0" * 56,
)


@pytest.fixture
def make():
    """The plan of two replicas."""

    def build(code: CodeBundle | None = None, git: GitFacts | None = None, **parts) -> plan.JobPlan:
        gpus = plain.parse_size("2")
        assert gpus is not None
        start = schema.RunConfig(gpus=gpus, model=schema.ModelConfig(name="net"))
        config = dataclasses.replace(start, **parts)
        return plan.make_plan(config, name="job", suffix="", config_yaml="a: 1\n", code=code, git=git)

    return build


def test_a_plain_job_owns_nothing(make):
    assert () == manifest.build_companions(make())


def test_the_code_is_an_immutable_config_map_with_its_hash_in_the_name(make):
    made = make(BUNDLE)
    (code,) = manifest.build_companions(made)
    assert {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "job-code-1a2b3c4d",
            "namespace": "default",
            "labels": made.labels,
            "annotations": {"tfjob-kit/code-sha256": BUNDLE.sha256},
        },
        "immutable": True,
        "data": {"models.net.py": "x = 1\n", "run.sh": "#!/bin/sh\n"},
        "binaryData": {"table.npy": base64.b64encode(b"\x93NUMPY\x00").decode()},
    } == code


def test_every_replica_has_the_code_read_only_as_its_working_directory(make):
    job = manifest.build_tfjob(make(BUNDLE, env={"PYTHONPATH": "/lib", "A": "b"}))
    for role in job["spec"]["tfReplicaSpecs"].values():
        spec = role["template"]["spec"]
        (container,) = spec["containers"]
        assert "/tfjob-kit/code" == container["workingDir"]
        assert {"name": "code", "mountPath": "/tfjob-kit/code", "readOnly": True} in container["volumeMounts"]
        assert {"name": "PYTHONPATH", "value": "/tfjob-kit/code:/lib"} in container["env"]
        volume = next(volume for volume in spec["volumes"] if volume["name"] == "code")
        assert {
            "name": "job-code-1a2b3c4d",
            "defaultMode": 0o444,
            "items": [
                {"key": "models.net.py", "path": "models/net.py"},
                {"key": "run.sh", "path": "run.sh", "mode": 0o555},
                {"key": "table.npy", "path": "table.npy"},
            ],
        } == volume["configMap"]


def test_the_hash_of_the_code_stands_on_the_job(make):
    job = manifest.build_tfjob(make(BUNDLE))
    assert BUNDLE.sha256 == job["metadata"]["annotations"]["tfjob-kit/code-sha256"]


def test_protection_from_drains_is_a_budget_of_all_replicas_as_a_whole_number(make):
    made = make(job=schema.JobConfig(protect_from_drain=True))
    (budget,) = manifest.build_companions(made)
    assert {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "job", "namespace": "default", "labels": made.labels},
        "spec": {
            "minAvailable": 2,
            "selector": {"matchLabels": {"training.kubeflow.org/job-name": "job"}},
        },
    } == budget


def test_the_state_of_git_stands_on_the_job_alone_and_changes_no_hash(make):
    git = GitFacts(commit="c0ffee", is_dirty=True, diff_sha256="d1ff")
    plain_job, job = manifest.build_tfjob(make()), manifest.build_tfjob(make(git=git))
    facts = {
        "tfjob-kit/git-commit": "c0ffee",
        "tfjob-kit/git-dirty": "true",
        "tfjob-kit/git-diff-sha256": "d1ff",
    }
    assert plain_job["metadata"]["annotations"] | facts == job["metadata"]["annotations"]
    assert plain_job["spec"] == job["spec"]
    clean = GitFacts(commit="c0ffee", is_dirty=False)
    assert "false" == clean.annotations["tfjob-kit/git-dirty"]
    assert "tfjob-kit/git-diff-sha256" not in clean.annotations


def test_several_manifests_are_one_text_that_kubectl_reads(make):
    import json

    import yaml

    made = make(BUNDLE)
    documents = [manifest.build_tfjob(made), *manifest.build_companions(made)]
    assert documents == list(yaml.safe_load_all(manifest.dump_all(documents, "yaml")))
    assert documents == json.loads(manifest.dump_all(documents, "json"))["items"]
    assert documents[0] == json.loads(manifest.dump_all(documents[:1], "json"))


def test_the_disruption_budget_counts_the_evaluator(make):
    job = schema.JobConfig(protect_from_drain=True, evaluator=True)
    (budget,) = manifest.build_companions(make(command=["train"], job=job))
    assert 3 == budget["spec"]["minAvailable"]
