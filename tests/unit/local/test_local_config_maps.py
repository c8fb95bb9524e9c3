"""ConfigMaps of a job as read-only directories of this machine."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.local import config_maps
from tfjob_kit.cluster.local.store.job_dir import JobDir

MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "code"},
    "data": {"a.py": "x = 1\n", "run.sh": "#!/bin/sh\n"},
    "binaryData": {"b.bin": "AP8="},
}


@pytest.fixture
def job(tmp_path: Path) -> JobDir:
    (tmp_path / "job").mkdir()
    return JobDir(path=tmp_path / "job")


def template(**source: Any) -> dict[str, Any]:
    return {"spec": {"volumes": [{"name": "v", "configMap": {"name": "code", **source}}]}}


def written(job: JobDir, made: dict[str, Any]) -> Path:
    config_maps.check_config_maps([made], [MAP])
    config_maps.write_companions(job, [MAP], templates=[made])
    return config_maps.directory_of(job, made["spec"]["volumes"][0])


def test_every_key_is_a_file_unless_items_are_named(job: JobDir) -> None:
    folder = written(job, template())
    assert {"a.py", "run.sh", "b.bin"} == {path.name for path in folder.iterdir()}
    assert b"\x00\xff" == (folder / "b.bin").read_bytes()


def test_items_choose_keys_paths_and_modes(job: JobDir) -> None:
    chosen = [{"key": "a.py", "path": "deep/er/a.py"}, {"key": "run.sh", "path": "run.sh", "mode": 0o755}]
    folder = written(job, template(items=chosen, defaultMode=0o444))
    assert ["deep/er/a.py", "run.sh"] == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert {"deep": 0o555, "er": 0o555, "a.py": 0o444, "run.sh": 0o555} == modes


def test_two_ways_of_showing_one_map_are_two_directories(job: JobDir) -> None:
    one, two = template(items=[{"key": "a.py", "path": "a.py"}]), template()
    config_maps.write_companions(job, [MAP], templates=[one, two, two])
    folders = {config_maps.directory_of(job, made["spec"]["volumes"][0]) for made in (one, two)}
    assert folders == set((job.path / "config-maps").iterdir())


def test_companions_are_read_back_whole(job: JobDir) -> None:
    assert [] == config_maps.read_companions(job)
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "job"}}
    config_maps.write_companions(job, [budget, MAP], templates=[])
    assert [MAP, budget] == config_maps.read_companions(job)


def test_what_is_read_only_can_still_be_removed(job: JobDir) -> None:
    written(job, template(items=[{"key": "a.py", "path": "deep/a.py"}]))
    config_maps.make_removable(job.path)
    for root, folders, _ in os.walk(job.path / "config-maps"):
        assert all(os.stat(Path(root, folder)).st_mode & stat.S_IWUSR for folder in folders)
    shutil.rmtree(job.path)


@pytest.mark.parametrize(
    ("source", "companions", "message"),
    [
        ({}, [], "the ConfigMap `code` does not come with the job"),
        ({"name": "other"}, [MAP], "the ConfigMap `other` does not come with the job"),
        ({"items": [{"key": "no", "path": "no"}]}, [MAP], "has no `no` for `no`"),
        ({"items": [{"key": "a.py", "path": "../a.py"}]}, [MAP], "has no `a.py` for `../a.py`"),
        ({"items": [{"key": "a.py", "path": "/a.py"}]}, [MAP], "has no `a.py` for `/a.py`"),
        ({}, [{"kind": "Secret", "metadata": {"name": "s"}}], "Secret: the local engine knows"),
    ],
)
def test_what_does_not_come_with_the_job_is_refused(source: Any, companions: Any, message: str) -> None:
    with pytest.raises(errors.RefusedError, match=message):
        config_maps.check_config_maps([template(**source)], companions)


def test_an_optional_map_may_be_missing(job: JobDir) -> None:
    made = template(name="other", optional=True)
    config_maps.check_config_maps([made], [MAP])
    config_maps.write_companions(job, [MAP], templates=[made])
    assert [] == list(config_maps.directory_of(job, made["spec"]["volumes"][0]).iterdir())
