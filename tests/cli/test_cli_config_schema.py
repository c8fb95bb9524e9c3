"""`config schema`: JSON Schema on stdout or in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema
import pytest

from tfjob_kit.config import json_schema

from .conftest import Check, Kit, Outcome
from .test_cli_errors import check

Here = Callable[..., Outcome]


@pytest.mark.parametrize("group", [(), ("train",), ("train/optimizer",), ("volumes",)], ids=str)
def test_the_schema_is_data_on_stdout(here: Here, group: tuple[str, ...]) -> None:
    shown = here("config", "schema", *group)
    assert (0, "") == (shown.code, shown.err)
    assert json_schema.make_schema(*group) == shown.data
    jsonschema.Draft202012Validator.check_schema(shown.data)


def test_the_schema_of_a_small_group(here: Here, same_as_golden: Check) -> None:
    same_as_golden("config/schema-gpu_memory.json", here("config", "schema", "gpu_memory").out)


def test_a_folder_gets_the_base_and_every_group_own_ones_included(kit: Kit, here: Here) -> None:
    own = kit.folder / "conf/train/optimizer/mine.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("name: sgd\n")
    done = here("config", "schema", "--write", "schema")
    assert (0, "") == (done.code, done.out)
    assert done.err.startswith("written to schema: config.json, ")
    written = {
        path.relative_to(kit.folder / "schema").as_posix(): json.loads(path.read_text())
        for path in (kit.folder / "schema").rglob("*.json")
    }
    assert written["config.json"] == json_schema.make_schema()
    assert written["train/optimizer.json"] == json_schema.make_schema("train/optimizer")
    assert {"model.json", "data.json", "train.json"} <= set(written)


def test_one_group_alone_can_be_written(kit: Kit, here: Here) -> None:
    assert "written to x: train.json\n" == here("config", "schema", "train", "--write", "x").err
    assert ["train.json"] == [path.name for path in (kit.folder / "x").iterdir()]


def test_what_is_no_group_and_no_folder_is_one_clear_error(kit: Kit, here: Here) -> None:
    assert "hint: groups: train" in check(kit, here("config", "schema", "trian"), 2)
    (kit.folder / "file").touch()
    assert "cannot be written" in check(kit, here("config", "schema", "--write", "file"), 2)
