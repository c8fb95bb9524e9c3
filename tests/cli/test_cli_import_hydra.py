"""`config import-hydra`: all of a tree or nothing, and never over a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Kit, Outcome
from .test_cli_errors import check

Here = Callable[..., Outcome]
TREES = Path(__file__).parents[1] / "unit/config/hydra_trees"


@pytest.fixture
def project(kit: Kit) -> Kit:
    shutil.copytree(TREES / "zen", kit.folder / "old")
    return kit


def test_the_new_folder_composes(project: Kit, here: Here) -> None:
    done = here("config", "import-hydra", "old")
    assert 0 == done.code, done.err
    assert "written to conf: " in done.err
    assert "old/config.yaml:6: left out: - override hydra/launcher: submitit_slurm\n" in done.out
    assert "vit\n" == here("config", "show", "model.name").out
    assert ["conf", "old"] == sorted(path.name for path in project.folder.iterdir())


def test_a_dry_run_writes_nothing(project: Kit, here: Here) -> None:
    done = here("config", "import-hydra", "old", "--dry-run", "-o", "json")
    assert (0, False, None) == (done.code, done.data["written"], done.data["problem"])
    assert "model/vit.yaml" in [each["path"] for each in done.data["files"]]
    assert ["old"] == [path.name for path in project.folder.iterdir()]


def test_a_folder_with_files_is_left_as_it_is(project: Kit, here: Here) -> None:
    (project.folder / "conf").mkdir()
    (project.folder / "conf/config.yaml").write_text("gpus: 3\n")
    assert "no file is overwritten" in check(project, here("config", "import-hydra", "old"), 2)
    assert "gpus: 3\n" == (project.folder / "conf/config.yaml").read_text()


def test_what_is_no_tree_is_one_clear_error(project: Kit, here: Here) -> None:
    check(project, here("config", "import-hydra", "nowhere"), 2)
    check(project, here("config", "import-hydra", "old", "--config-name", "confg"), 2)
    assert ["old"] == [path.name for path in project.folder.iterdir()]
