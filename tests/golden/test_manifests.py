"""The manifests of typical runs, whole, and what the typed models of the SDK make of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tfjob_kit import config, manifest, plan

MANIFESTS = Path(__file__).parent / "manifests"
OVERRIDES = {
    "digits": ["model=digits_cnn", "gpus=2"],
    "single": ["model=digits_cnn", "gpus=1"],
    "resnet50": ["model=resnet50", "gpus=4"],
    "resnet50-2x4": ["model=resnet50", "gpus=2x4"],
    "cpu": ["model=digits_cnn", "gpus=0", "replicas=2"],
    "volumes": [
        "gpus=2",
        "output.claim=checkpoints",
        "+volumes.dataset={mount_path: /data, host_path: /mnt/dataset, read_only: true}",
        "+volumes.scratch={mount_path: /scratch, empty_dir: true}",
    ],
    "own-command": [
        "gpus=2",
        "command=[python, /app/train.py]",
        "site.image=tensorflow/tensorflow:2.12.0-gpu",
        "+env.PRICE='$(5)'",
    ],
    "queue": [
        "gpus=2",
        "job.queue=research",
        "job.suspend=true",
        "job.deadline=2h",
        "job.priority_class=batch",
        "+job.labels.team=vision",
    ],
    "placed": [
        "gpus=A100:2",
        "+site.gpu_types.A100={resource: nvidia.com/gpu, node_selector: {gpu: a100}}",
        "placement.tolerations=[{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]",
        "site.image_pull_secrets=[registry]",
        "site.image_pull_policy=Always",
        "placement.service_account=trainer",
    ],
}


def _manifest(name: str, folder: Path) -> manifest.Manifest:
    composed = config.compose(OVERRIDES[name], cwd=folder)
    return manifest.build_tfjob(plan.make_plan(composed.config, name=name, suffix="unused"))


@pytest.mark.parametrize("name", OVERRIDES)
def test_the_manifest_is_the_expected_one(name, tmp_path, check_golden):
    check_golden(f"{name}.yaml", manifest.dump(_manifest(name, tmp_path), "yaml"))


def test_every_expected_manifest_is_made_by_a_test():
    assert {f"{name}.yaml" for name in OVERRIDES} == {file.name for file in MANIFESTS.iterdir()}


@pytest.mark.parametrize("name", OVERRIDES)
def test_both_forms_read_back_as_the_same_data(name, tmp_path):
    made = _manifest(name, tmp_path)
    assert yaml.safe_load(manifest.dump(made, "yaml")) == made
    assert json.loads(manifest.dump(made, "json")) == made


@pytest.mark.parametrize("name", OVERRIDES)
def test_the_typed_models_give_the_manifest_back_unchanged(name, sdk):
    made = yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text())
    typed = sdk.read(made)
    assert typed.spec.tf_replica_specs["Chief"].template.spec.containers[0].name == "tensorflow"
    assert sdk.write(typed) == made
