"""`config show`: of one key, with sources, and what a word that is no key may have meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Check, Kit, Outcome
from .test_cli_errors import check
from .test_cli_help import modules_after

Here = Callable[..., Outcome]


@pytest.fixture
def own(kit: Kit) -> Kit:
    """A project whose options the shipped ones do not change."""
    files = {
        "config": "defaults:\n  - model: small\n  - _self_\ngpus: 1\n",
        "model/small": "name: small\nparams:\n  words: 'a # b'\n  width: 8\n",
        "mine/preset": "# @package _global_\ngpus: 2\n",
    }
    for name, text in files.items():
        path = kit.folder / "team" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return kit


@pytest.mark.usefixtures("own")
def test_one_key_with_its_sources(here: Here, same_as_golden: Check) -> None:
    where = ("--conf-dir", "team")
    shown = here("config", "show", "model", "gpus=2", "model.params.width=16", "--sources", *where)
    assert (0, "") == (shown.code, shown.err)
    same_as_golden("config/show-model.txt", shown.out)
    as_json = here("config", "show", "model.params.width=16", "model", "--sources", "-o", "json", *where)
    same_as_golden("config/show-model.json", as_json.out)


@pytest.mark.usefixtures("own")
def test_a_single_value_is_bare(here: Here) -> None:
    assert "4\n" == here("config", "show", "gpus", "gpus=4").out
    assert "4\n" == here("config", "show", "gpus", "gpus=4", "-o", "json").out
    assert "null\n" == here("config", "show", "job.ttl", "~job.ttl").out
    shown = here("config", "show", "gpus", "gpus=4", "--sources", "--conf-dir", "team")
    assert "4  # override 1 of 1; was 1 at team/config.yaml:4\n" == shown.out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("trian",), "did you mean `train`?"),
        (("small",), "model=small chooses that option"),
        (("mine",), "`tfjob-kit config options mine` lists what can be chosen"),
        (("train", "data"), "`tfjob-kit config show train`"),
        (("train..x",), "separate names with one dot"),
        (("env.A",), "`env` holds nothing"),
    ],
)
def test_what_is_no_key_is_one_clear_error(own: Kit, here: Here, words: tuple[str, ...], hint: str) -> None:
    assert hint in check(own, here("config", "show", *words, "--conf-dir", "team"), 2)


def test_of_a_job_one_key_can_be_shown(kit: Kit, here: Here) -> None:
    made = kit(
        "run", "model=digits_cnn", "command=[sh,-c,exit]", "gpus=0", "--name", "j", "--engine", "local"
    )
    assert 0 == made.code, made.err
    assert "digits_cnn\n" == here("config", "show", "model.name", "--job", "j", "--engine", "local").out


@pytest.mark.parametrize("verb", [("show", "train"), ("options",), ("schema",)], ids=str)
def test_nothing_heavy_is_imported(kit: Kit, verb: tuple[str, ...]) -> None:
    heavy = {"kubernetes", "kubeflow", "tensorflow", "keras", "numpy", "rich", "omegaconf"}
    assert set() == modules_after(kit, "config", *verb) & heavy
