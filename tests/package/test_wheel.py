"""The installed wheel does its work from an empty folder, with nothing of the checkout in reach."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def _files(folder: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_alone_at_its_top(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {"tfjob_kit", "tfjob_kit-0.1.0.dist-info"} == tops


@pytest.mark.parametrize("folder", ["conf", "models"])
def test_the_wheel_holds_every_shipped_file(wheel: Path, folder: str) -> None:
    held = {name.removeprefix("tfjob_kit/_bundled/") for name in zipfile.ZipFile(wheel).namelist()}

    assert _files(folder) == {name for name in held if name.startswith(f"{folder}/")}


def test_render_prints_a_manifest_from_an_empty_folder(run) -> None:
    done = run("tfjob-kit", "render", "model=resnet50", "gpus=4", "--name", "x")

    plan = "plan: chief + 3 workers x 1 GPU = 4 GPUs · global batch 32 = 8 per replica\n"
    assert (0, plan) == (done.returncode, done.stderr)
    manifest = yaml.safe_load(done.stdout)
    replicas = manifest["spec"]["tfReplicaSpecs"]
    assert ("TFJob", "x") == (manifest["kind"], manifest["metadata"]["name"])
    assert {"Chief": 1, "Worker": 3} == {role: spec["replicas"] for role, spec in replicas.items()}


def test_config_show_prints_the_shipped_config_from_an_empty_folder(run) -> None:
    done = run("tfjob-kit", "config", "show")

    assert (0, "") == (done.returncode, done.stderr)
    assert "digits_cnn" == yaml.safe_load(done.stdout)["model"]["name"]


def test_the_shipped_files_come_from_the_wheel(run, installed: Path) -> None:
    done = run("tfjob-kit", "config", "show", "--sources")

    assert str(ROOT) not in done.stdout
    assert 0 == done.returncode


def test_a_run_without_the_train_extra_names_the_extra(run) -> None:
    done = run("tfjob-kit", "run", "model=digits_cnn", "--engine", "local", "--name", "x")

    assert done.returncode in {2, 3, 4}
    assert "tfjob-kit[train]" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_module_of_the_launcher_needs_tensorflow(run) -> None:
    script = (
        "import importlib, pkgutil, sys, tfjob_kit\n"
        "names = [m.name for m in pkgutil.walk_packages(tfjob_kit.__path__, 'tfjob_kit.')\n"
        "         if not m.name.startswith('tfjob_kit.runtime') and not m.name.endswith('__main__')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(len(names), {'tensorflow', 'keras', 'kubernetes'} & set(sys.modules))\n"
    )
    done = run("python", "-c", script)

    assert 0 == done.returncode, done.stderr
    count, _, loaded = done.stdout.partition(" ")
    assert "set()" == loaded.strip()
    assert int(count) > 30
