"""`config options`: what can be chosen, and what the files of a group set."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from .conftest import Check, Kit, Outcome
from .test_cli_errors import check
from .test_cli_terminal import on_terminal

Here = Callable[..., Outcome]
OWN = {
    "config": "defaults:\n  - mine: small\n  - data: ???\n",
    "mine/small": (
        "# @package model\n"
        "# The small one, whose comment is longer than the eighty columns of a terminal are.\n"
        "# tfjob-kit run mine=small gpus=0\nname: small\nparams:\n"
        '  width: 0x10\n  rate: 1e-3\n  words: "a, b"\n  on: []\n  a.b: null\n'
    ),
    "mine/empty": "# Sets nothing.\n",
    "mine/broken": "# Broken.\nname: [\n",
    "mine/whole": "# @package _global_\ndefaults:\n  - override /mine: small\n  - train: adamw\ngpus: 2\n",
    "model/resnet50": "# Mine.\nname: mine\n",
}


@pytest.fixture
def own(kit: Kit) -> Kit:
    """A project with options of its own."""
    for name, text in OWN.items():
        path = kit.folder / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return kit


def test_every_group_is_listed_with_what_is_chosen(here: Here) -> None:
    shown = here("config", "options")
    assert (0, "") == (shown.code, shown.err)
    assert "\nmodel  What is trained\n  * digits_cnn" in shown.out
    assert "\n    resnet50  " in shown.out.replace("resnet50    ", "resnet50  ")
    groups = {group["name"]: group for group in here("config", "options", "-o", "json").data}
    assert ["fraction"] == groups["gpu_memory"]["chosen"]
    assert {
        "name": "ring",
        "about": "All-reduce in a ring over gRPC: works everywhere, on GPUs slower than NCCL.",
        "path": "conf/communication/ring.yaml",
        "folder": None,
        "hides_shipped": False,
    } in groups["communication"]["options"]


@pytest.mark.usefixtures("own")
def test_a_group_shows_commands_and_keys(here: Here, same_as_golden: Check) -> None:
    shown = here("config", "options", "mine")
    assert (0, "") == (shown.code, shown.err)
    same_as_golden("config/options-mine.txt", shown.out)
    as_json = here("config", "options", "mine", "-o", "json")
    same_as_golden("config/options-mine.json", as_json.out)


@pytest.mark.usefixtures("own")
def test_own_options_say_where_they_come_from_and_open_choices_that_they_are_open(here: Here) -> None:
    lines = here("config", "options").out.splitlines()
    assert "    resnet50    Mine. [conf, in place of the kit's]" in lines
    assert "    empty   Sets nothing. [conf]" in lines
    assert lines.index("data  What it is trained on") + 1 == lines.index("  must be chosen: data=OPTION")
    assert lines.index("train  How it is trained") + 1 == lines.index("  none is chosen: +train=OPTION")


def test_files_that_do_not_compose_are_listed_with_a_warning(own: Kit, here: Here) -> None:
    (own.folder / "conf/config.yaml").write_text("defaults:\n  - mine: smal\n  - train: adamw\n")
    shown = here("config", "options")
    assert shown.err.startswith(
        "warning: the files do not compose: no option `smal` in group `mine` (conf/config.yaml:2:"
    )
    assert 1 == len(shown.err.splitlines())
    assert "  * adamw " in shown.out
    (own.folder / "conf/config.yaml").write_text("defaults: [\n")
    shown = here("config", "options")
    assert (0, 0) == (shown.code, shown.out.count("*"))
    assert shown.err.startswith("warning: the files do not compose: not valid YAML: ")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("modle",), "`tfjob-kit config options model`"),
        (("model=resnet50",), "`tfjob-kit config options model`"),
        (("nothing-like-it",), "groups: "),
        (("model", "--conf-dir", "nowhere"), "folder that holds config.yaml"),
    ],
)
def test_what_is_no_group_is_one_clear_error(
    kit: Kit, here: Here, arguments: tuple[str, ...], hint: str
) -> None:
    assert hint in check(kit, here("config", "options", *arguments), 2)


def test_an_error_is_json_too(here: Here) -> None:
    assert "UnknownChoice" == json.loads(here("config", "options", "modle", "-o", "json").out)["error"]


def test_a_terminal_gets_lines_that_fit(own: Kit) -> None:
    shown = on_terminal(own, "config", "options", "--conf-dir", "conf", NO_COLOR="1")
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert (12 * " " + "terminal are. [conf]") in shown.splitlines()
    assert "* is chosen when no override chooses another" in shown
