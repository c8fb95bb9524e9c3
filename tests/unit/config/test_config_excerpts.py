"""One key of a config, and that what is shown composes back to the same config."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import catalogue, compose, option_files, plain, schema, show
from tfjob_kit.config.grammar import interpolations
from tfjob_kit.config.grammar.keys import format_path
from tfjob_kit.config.grammar.writing import format_value

Project = Callable[[dict[str, str]], Path]

FILES = {
    "config": "defaults:\n  - model: small\n  - _self_\ngpus: 1\nenv: {a.b: x, a: y}\n",
    "model/small": "name: small\nparams:\n  width: 8\n  layers: [1, 2]\n",
}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("gpus", "4  # override 1 of 1; was 1 at conf/config.yaml:4\n"),
        ("model.name", "small  # conf/model/small.yaml:1\n"),
        ("model.params.layers[-1]", "2  # conf/model/small.yaml:4\n"),
        ("env.a\\.b", "x  # conf/config.yaml:5\n"),
        ("command", "[]  # default\n"),
        (
            "model.params.layers",
            f"{'- 1':44}  # conf/model/small.yaml:4\n{'- 2':44}  # conf/model/small.yaml:4\n",
        ),
        ("train/optimizer/name", "adamw  # default\n"),
    ],
)
def test_a_key_is_shown_alone(key: str, text: str, project: Project) -> None:
    composed = compose(["gpus=4"], cwd=project(FILES))
    assert text == show(composed, key=key, sources=True)
    assert text.partition("  #")[0].rstrip() == show(composed, key=key).partition("\n")[0]


def test_a_section_is_the_body_of_an_option_file(project: Project) -> None:
    cwd = project(FILES)
    composed = compose(["train.steps=7", "train.optimizer.learning_rate=1e-5"], cwd=cwd)
    project({"train/mine": show(composed, key="train", sources=True)})
    assert composed.config == compose(["+train=mine"], cwd=cwd).config


def test_json_holds_the_value_and_the_sources_under_the_key(project: Project) -> None:
    composed = compose(["model.params.width=9"], cwd=project(FILES))
    shown = json.loads(show(composed, key="model.params", format="json", sources=True))
    assert {"width": 9, "layers": [1, 2]} == shown["config"]
    assert ["model.params.width", "model.params.layers[0]", "model.params.layers[1]"] == list(
        shown["sources"]
    )
    assert (
        "override 1 of 1; was 8 at conf/model/small.yaml:3" == shown["sources"]["model.params.width"]["text"]
    )
    shown = json.loads(show(composed, key="env.a", format="json", sources=True))
    assert ("y", ["env.a"]) == (shown["config"], list(shown["sources"]))


@pytest.mark.parametrize(
    ("key", "message", "nearest", "hint"),
    [
        ("trian", "no key `trian`", ("train",), None),
        ("learning_rate", "no key `learning_rate`", ("train.optimizer.learning_rate",), None),
        ("train/optimizr", "no key `train/optimizr`", ("train.optimizer",), None),
        ("gpus.x", "no key `gpus.x`", ("gpus",), None),
        ("zzz", "no key `zzz`", (), "`tfjob-kit config show` prints every key"),
        ("model.params.widht", "`model.params.widht` is not set", ("model.params.width",), None),
        ("site.env.A", "`site.env.A` is not set", (), "`site.env` holds nothing"),
        ("command[0]", "`command[0]` is not set", (), "`command` is empty"),
        (
            "model.params.layers[-3]",
            "`model.params.layers[-3]` is not set",
            (),
            "`model.params.layers` has 2 items, the first is `model.params.layers[0]`",
        ),
    ],
)
def test_a_key_that_is_not_there(
    key: str, message: str, nearest: tuple[str, ...], hint: str | None, project: Project
) -> None:
    with pytest.raises(errors.UnknownChoice) as caught:
        show(compose([], cwd=project(FILES)), key=key)
    assert message == caught.value.message
    assert nearest == caught.value.nearest[: len(nearest)]
    assert hint is None or hint == caught.value.hint


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
odd = st.sampled_from(
    ["${x}", "\\${x}", "yes", "0777", "22:22", "1e3", "null", "# no", "a: b", "- a", "\t", "é\n", "'"]
)
words = texts | odd
params = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=5,
)
names = words.filter(
    lambda text: bool(text) and not set(text) & set(" (){}=,'\"\t\n+@") and text.isprintable()
)
KEYS = [key for key in catalogue.list_keys() if key.values]
NOWHERE = Path("/nowhere")
CHOSEN = option_files.read_selection(conf_dir=None, cwd=NOWHERE).chosen
GROUPS = {
    group.name: [option.name for option in group.options if "???" not in option.path.read_text()]
    for group in catalogue.list_groups(conf_dir=None, cwd=NOWHERE)
    if group.name in CHOSEN
}


def _text(value: Any) -> str:
    """A value as override text whose `${` stays text."""
    return interpolations.escape(format_value(value))


overrides = st.one_of(
    st.sampled_from([f"{group}={option}" for group, names in GROUPS.items() for option in names]),
    st.sampled_from([f"{key.path}={value}" for key in KEYS for value in key.values]),
    st.builds("train.steps={}".format, st.integers(1, 10**9)),
    st.builds("train.optimizer.learning_rate={!r}".format, st.floats(0, 1e9)),
    st.builds("job.deadline={}{}".format, st.integers(1, 999), st.sampled_from(["", "s", "m", "h", "d"])),
    st.builds("gpus={}".format, st.sampled_from(["0", "4", "2x4", "A100:4", "A100-80GB:2x4"])),
    st.builds("resources.memory={}".format, st.sampled_from(["16Gi", "1.5G", "4", "1e9"])),
    st.builds(lambda name, value: f"++{format_path(('env', name))}={_text(value)}", names, words),
    st.builds(
        lambda name, value: f"++{format_path(('model', 'params', name))}={_text(value)}", names, params
    ),
    st.builds(lambda items: f"command={_text(items)}", st.lists(words, max_size=3)),
    st.builds(lambda items: f"command+={_text(items)}", st.lists(words, max_size=2)),
    st.just("++volumes.d={claim:c,mount_path:/d}"),
    st.just("name=${model.name}"),
    st.just("~job.ttl"),
)


def compatible(chosen: list[str]) -> bool:
    """Whether a command line holds no key twice, which can be a contradiction."""
    keys = [override.lstrip("+~").partition("=")[0].rstrip("+") for override in chosen]
    return len(set(keys)) == len(keys)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(st.lists(overrides, max_size=6).filter(compatible))
def test_what_is_shown_composes_back_to_the_same_config(chosen: list[str]) -> None:
    with TemporaryDirectory() as folder:
        composed = compose(chosen, cwd=Path(folder))
        for number, sources in enumerate((False, True)):
            conf = Path(folder, str(number), "conf")
            conf.mkdir(parents=True)
            shown = show(composed, sources=sources)
            (conf / "config.yaml").write_text(shown, encoding="utf-8")
            again = compose([], cwd=conf.parent)
            assert composed.config == again.config
            assert plain.to_plain(composed.config).keys() == yaml.safe_load(shown).keys()
            assert repr(composed.config) == repr(again.config)
            assert {source.kind for source in again.sources.values()} <= {"file", "default"}
    assert isinstance(composed.config, schema.RunConfig)
