"""Interpolations: when a text is one, what it gives, and what is said when it gives nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.config import compose
from tfjob_kit.config.grammar import interpolations

Project = Callable[[dict[str, str]], Path]


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("${a}", True),
        ("\\${a}", False),
        ("\\\\${a}", True),
        ("$a", False),
        ("\\${a} ${b}", True),
        ("${", True),
    ],
)
def test_a_backslash_makes_an_interpolation_text(text: str, live: bool) -> None:
    assert interpolations.is_live(text) is live


@pytest.mark.parametrize("text", ["${a}", "\\${a}", "\\\\${a}", "a\\b", "$${a}", "${${", "\\"])
def test_an_escaped_text_comes_back(text: str) -> None:
    assert not interpolations.is_live(interpolations.escape(text))
    assert interpolations.unescape(interpolations.escape(text)) == text


def test_files_interpolate_too(project: Project) -> None:
    cwd = project({"config": 'name: run-${train.steps}\ntrain: {steps: 5, seed: "${train.steps}"}\n'})
    config = compose([], cwd=cwd).config
    assert (config.name, config.train.seed) == ("run-5", 5)


def test_relative_interpolations_work(project: Project) -> None:
    cwd = project({"config": "train:\n  steps: 5\n  seed: ${.steps}\n"})
    assert compose([], cwd=cwd).config.train.seed == 5


def test_a_dict_can_be_referred_to(tmp_path: Path) -> None:
    config = compose(["+env.A=x", "communication.env=${env}"], cwd=tmp_path).config
    assert config.communication.env == {"A": "x"}


def test_text_beside_a_live_interpolation_keeps_its_escapes(tmp_path: Path) -> None:
    config = compose(["name=${train.steps}", "+env.A=\\${b}", "+env.B='\\${'"], cwd=tmp_path).config
    assert (config.name, config.env) == ("600", {"A": "${b}", "B": "${"})


def test_a_result_is_typed_by_its_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFJOB_KIT_X", "two")
    with pytest.raises(errors.InvalidValue) as caught:
        compose(["gpus=${oc.env:TFJOB_KIT_X}"], cwd=tmp_path)
    assert caught.value.message == "`gpus` must be a number of GPUs, not what `${oc.env:TFJOB_KIT_X}` gives"


def test_a_value_of_the_wrong_type_elsewhere_is_that_values_error(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidValue, match=r"`train.steps` must be a whole number"):
        compose(["name=${train.steps}", "train.steps=two"], cwd=tmp_path)


def test_missing_values_are_not_referred_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFJOB_KIT_X", "???")
    with pytest.raises(errors.InvalidValue, match="resolved to a missing value"):
        compose(["name=${oc.env:TFJOB_KIT_X}"], cwd=tmp_path)


UNRESOLVED = [
    ("name=${train.stepz}", "Interpolation key 'train.stepz' not found", "'name=${train.steps}'"),
    ("name=${name}", "Recursive interpolation detected", "write \\${ for the text itself"),
    (
        "name=${oc.env:TFJOB_KIT_UNSET}",
        "Environment variable 'TFJOB_KIT_UNSET' not found",
        "or give a default",
    ),
    ("name=${nothing:1}", "Unsupported interpolation type nothing", "write"),
    ("name='${a b}'", "", "write"),
    ("name='${'", "", "write"),
    ("+model.params.x=${model.params}", "Interpolation to parent node detected", "write"),
    ("name=${oc.decode:'[1'}", "", "write"),
    ("name=${oc.create:{1:2}}", "it gives a dict", "write"),
]


@pytest.mark.parametrize(("text", "reason", "hint"), UNRESOLVED)
def test_what_cannot_be_resolved_is_named(text: str, reason: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidValue) as caught:
        compose(["output.dir=/${gpus}", text], cwd=tmp_path)
    key = text.lstrip("+").partition("=")[0]
    assert caught.value.message.startswith(f"`{key}`: `")
    assert f"cannot be resolved: {reason}" in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.where == f"override 2 of 2: {text}"
