"""The manifests of all kinds of runs, whole, and what the typed models of the SDK make of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tfjob_kit import config, manifest, plan
from tfjob_kit.bundled import bundled_dir

from .conftest import MANIFESTS, Check, Sdk, read_manifest
from .runs import RUNS

FILES = sorted(MANIFESTS.glob("*.yaml"))


def _manifest(name: str, folder: Path) -> manifest.Manifest:
    (folder / "train.py").write_text("print('trained')\n")
    composed = config.compose(RUNS[name], cwd=folder)
    code = config.collect_code(composed.config.code, cwd=folder)
    return manifest.build_tfjob(plan.make_plan(composed.config, name=name, suffix="unused", code=code))


@pytest.mark.parametrize("name", RUNS)
def test_the_manifest_is_the_expected_one(name: str, tmp_path: Path, check_golden: Check) -> None:
    check_golden(f"{name}.yaml", manifest.dump(_manifest(name, tmp_path), "yaml"))


def test_every_expected_manifest_is_made_by_a_test() -> None:
    assert {f"{name}.yaml" for name in RUNS} == {file.name for file in MANIFESTS.iterdir()}


def test_every_option_that_ships_is_in_an_expected_manifest(tmp_path: Path) -> None:
    composed = [config.compose(overrides, cwd=tmp_path) for overrides in RUNS.values()]
    used = {place for each in composed for source in each.sources.values() for place in source.text.split()}
    root = bundled_dir("conf")
    options = {f"conf/{path.relative_to(root).as_posix()}" for path in root.glob("*/*.yaml")}
    assert {"conf/volumes/none.yaml"} == options - {place.partition(":")[0] for place in used}


@pytest.mark.parametrize("name", ["everything", "labelled", "own-command"])
def test_both_forms_read_back_as_the_same_data(name: str, tmp_path: Path) -> None:
    made = _manifest(name, tmp_path)
    assert made == yaml.safe_load(manifest.dump(made, "yaml"))
    assert made == json.loads(manifest.dump(made, "json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_typed_models_give_the_manifest_back_unchanged(file: Path, sdk: Sdk) -> None:
    made = read_manifest(file)
    if "minResources" in made["spec"]["runPolicy"].get("schedulingPolicy", {}):
        # kubeflow-training 1.9.4 names a type for it that it does not have.
        with pytest.raises(AttributeError, match="'Quantity'"):
            sdk.read(made)
        del made["spec"]["runPolicy"]["schedulingPolicy"]["minResources"]
    typed = sdk.read(made)
    assert "tensorflow" == typed.spec.tf_replica_specs["Chief"].template.spec.containers[0].name
    assert made == sdk.write(typed)
