"""The composed config as YAML and JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfjob_kit.config import compose, plain, schema, show, to_yaml

Project = Callable[[dict[str, str]], Path]


def test_yaml_names_the_source_of_each_value(project: Project) -> None:
    cwd = project({"config": "defaults:\n  - model: digits_cnn\ngpus: 1\n"})
    lines = show(compose(["gpus=4"], cwd=cwd), sources=True).splitlines()
    assert [line.split() for line in lines[1:6]] == [
        ["gpus:", "4", "#", "override", "1", "of", "1;", "was", "1", "at", "conf/config.yaml:3"],
        ["replicas:", "null", "#", "default"],
        ["model:"],
        ["name:", "digits_cnn", "#", "conf/model/digits_cnn.yaml:4"],
        ["params:"],
    ]
    assert len({line.index("# ") for line in lines if "# " in line}) == 1


def test_yaml_without_sources_has_no_comments(tmp_path: Path) -> None:
    assert "#" not in show(compose([], cwd=tmp_path))


def test_comments_do_not_change_what_the_yaml_says(tmp_path: Path) -> None:
    composed = compose(["command=[a,b]", "+env.A=x"], cwd=tmp_path)
    assert yaml.safe_load(show(composed)) == yaml.safe_load(show(composed, sources=True))


def test_json_is_the_config(tmp_path: Path) -> None:
    composed = compose(["gpus=2x4"], cwd=tmp_path)
    assert json.loads(show(composed, format="json")) == plain.to_plain(composed.config)


def test_json_with_sources_holds_both(tmp_path: Path) -> None:
    data = json.loads(show(compose(["gpus=4"], cwd=tmp_path), format="json", sources=True))
    assert data["config"]["gpus"] == 4
    assert data["sources"]["gpus"] == {
        "kind": "override",
        "number": 1,
        "total": 1,
        "raw": "gpus=4",
        "was": "1",
        "was_at": "conf/config.yaml:16",
        "text": "override 1 of 1; was 1 at conf/config.yaml:16",
    }


TRICKY: list[Any] = [
    "", " ", "yes", "No", "on", "y", "null", "~", "true", "0777", "0x1f", "22:22", "1e3", "1.10", ".5",
    "1_000", "2024-01-01", "a: b", "a #b", "#a", "- a", "a:", ":a", "{a}", "[a]", "a, b", "'a'", '"a"',
    "a\nb", "a\tb", "\\", "\\n", "%a", "@a", "`a`", "!a", "&a", "*a", "|", ">", "=", "<<", "é", "日本",
    "\x00", "\x7f", "\x85", "\u2028", "\ufeff", "\U0001f600", "a  b", "a ", " a", "None", "inf", "nan",
    ".inf", "16Gi", "2x4", "${name}", "\\${name}", "\\\\${name}", "$$(A)", "a" * 300, "---", "...", "?",
    "? a", "-", "a\r\nb", "1Gi", "0o7", "+1",
]  # fmt: skip


@pytest.mark.parametrize("text", TRICKY)
def test_any_text_comes_back_from_yaml_and_from_composition(text: str, project: Project) -> None:
    config = schema.RunConfig(env={"A": text}, model=schema.ModelConfig(params={text: [text, {"k": text}]}))
    assert plain.from_plain(yaml.safe_load(to_yaml(config))) == config


NUMBERS = [
    0.0,
    -0.0,
    1e-5,
    1e20,
    1.5,
    1e-300,
    123456789.125,
    float("inf"),
    float("-inf"),
    -1,
    10**20,
    True,
    None,
]


@pytest.mark.parametrize("value", NUMBERS)
def test_any_number_comes_back_from_yaml(value: object) -> None:
    config = schema.RunConfig(model=schema.ModelConfig(params={"a": value, "b": [value]}))
    again = plain.from_plain(yaml.safe_load(to_yaml(config)))
    assert again == config
    assert type(again.model.params["a"]) is type(value)


def test_comments_stay_on_their_line(project: Project, tmp_path: Path) -> None:
    project({"config": "gpus: 3\ncommand: [" + ",".join(["word"] * 50) + "]\n"})
    odd = tmp_path / "a\nb # c"
    (tmp_path / "conf").rename(odd)
    composed = compose(["command=[x]"], cwd=tmp_path, conf_dir=odd)
    shown = show(composed, sources=True)
    assert yaml.safe_load(shown) == plain.to_plain(composed.config)
    assert max(map(len, shown.splitlines())) < 200
