"""The JSON Schema of config files: all that ships is valid, and it says what composition says."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.bundled import bundled_dir
from tfjob_kit.config import catalogue, compose, json_schema
from tfjob_kit.config.files.document import read_document
from tfjob_kit.config.tree import node as nodes

Project = Callable[[dict[str, str]], Path]

CONF = bundled_dir("conf")
FILES = sorted(path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml"))
GROUPS = sorted({name.rpartition("/")[0] for name in FILES} - {""})


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, by which editors read: `1e-3` is a number, `yes` a text."""


OURS = {
    "tag:yaml.org,2002:float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
    "tag:yaml.org,2002:bool": r"(?:true|True|TRUE|false|False|FALSE)$",
    "tag:yaml.org,2002:timestamp": r"(?!)",
}
Core.yaml_implicit_resolvers = {
    char: [each for each in found if each[0] not in OURS]
    for char, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for tag, form in OURS.items():
    Core.add_implicit_resolver(tag, re.compile(form), list("-+.0123456789tTfF"))


@functools.cache
def validator(group: str | None) -> Any:
    return jsonschema.Draft202012Validator(json_schema.make_schema(group))


def problems(group: str | None, data: Any) -> list[str]:
    """Where data is not what the schema says, by dotted key; the root is empty."""
    return sorted({".".join(map(str, error.absolute_path)) for error in validator(group).iter_errors(data)})


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_ships_is_valid(name: str) -> None:
    text = (CONF / name).read_text()
    group = None if "@package _global_" in text else name.rpartition("/")[0] or None
    assert [] == problems(group, yaml.load(text, Core))


@pytest.mark.parametrize("group", [None, *GROUPS, "train/optimizer", "experiment", "nothing"])
def test_it_is_a_schema_of_its_dialect(group: str | None) -> None:
    made = json_schema.make_schema(group)
    assert "https://json-schema.org/draft/2020-12/schema" == made["$schema"]
    jsonschema.Draft202012Validator.check_schema(made)


def test_a_group_that_is_no_section_holds_the_whole_config() -> None:
    assert json_schema.make_schema()["properties"] == json_schema.make_schema("experiment")["properties"]


def test_keys_carry_description_bounds_default_and_values() -> None:
    train = json_schema.make_schema("train")["properties"]
    assert {
        "description": "Optimizer steps of the whole run",
        "anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/$defs/open"}],
        "default": 1000,
    } == train["steps"]
    assert {"enum": ["float32", "mixed_bfloat16", "mixed_float16"]} == train["precision"]["anyOf"][0]
    memory = json_schema.make_schema("gpu_memory")["properties"]["fraction"]
    assert {"type": "number", "minimum": 0.05, "maximum": 1.0} == memory["anyOf"][0]


def test_the_defaults_of_the_schema_are_valid() -> None:
    for key in catalogue.list_keys():
        if key.kind != "section":
            group, _, name = key.path.rpartition(".")
            assert [] == problems(group.replace(".", "/") or None, {name: key.default}), key.path


@pytest.mark.parametrize(
    ("group", "text", "where"),
    [
        (None, "gpuz: 3", ""),
        (None, "gpus: two", "gpus"),
        (None, "gpus: 2by4", "gpus"),
        (None, "gpus: -3", "gpus"),
        (None, "gpus: '0x4'", "gpus"),
        (None, "gpus: 1.5", "gpus"),
        (None, "gpus: null", "gpus"),
        (None, "train: {steps: 0}", "train"),
        (None, "train: {optimizer: {name: adm}}", "train"),
        (None, "train: 3", "train"),
        (None, "env: [a]", "env"),
        (None, "env: {A: [b]}", "env"),
        (None, "env: {A: null}", "env"),
        (None, "command: python train.py", "command"),
        (None, "volumes: {data: {clam: x}}", "volumes"),
        (None, "job: {labels: {a: 1}}", "job"),
        (None, "job: {deadline: 0}", "job"),
        (None, "job: {deadline: 7w}", "job"),
        (None, "job: {deadline: ''}", "job"),
        (None, "resources: {memory: 16GB}", "resources"),
        (None, "resources: {memory: -1}", "resources"),
        (None, "[gpus]", ""),
        ("train", "train: {steps: 5}", ""),
        ("train", "steps: '4'", "steps"),
        ("train", "warm_restart: yes", "warm_restart"),
        ("train", "optimizer: {momentum: 1.5}", "optimizer"),
        ("train", "optimizer: {learning_rate: fast}", "optimizer"),
        ("gpu_memory", "limit_mib: 100", "limit_mib"),
        ("volumes", "data: {claim: x, mounts: y}", "data"),
        (None, "defaults: {model: x}", "defaults"),
        (None, "defaults: [{overide /data: x}]", "defaults.0"),
        (None, "defaults: [{model: x, data: y}]", "defaults.0"),
        (None, "defaults: [{model: {a: b}}]", "defaults.0"),
        (None, "defaults: [{'model@a:b': x}]", "defaults.0"),
        (None, "defaults: [a b]", "defaults.0"),
    ],
)
def test_a_wrong_file_is_refused(group: str | None, text: str, where: str) -> None:
    assert [where] == problems(group, yaml.load(text, Core))


@pytest.mark.parametrize(
    ("group", "text"),
    [
        (None, ""),
        (None, "gpus: A100-80GB:2x4"),
        (None, "gpus: ???"),
        (None, "gpus: ${replicas}x4"),
        (None, "train: ${other}\nenv: ${.x}\ncommand: ${oc.env:A,b}"),
        (None, "train:\n  steps: ???\n  optimizer: {learning_rate: 1e-3}"),
        (None, "name: null\nreplicas: null"),
        (None, "name: 5"),
        (None, "job: {ttl: null, deadline: 2h30m, grace_period: 90}"),
        (None, "resources: {cpu: 4, memory: 1.5Gi, shared_memory: 1e9}"),
        (None, "model: {params: {a: [1, {b: null}], c: true}}"),
        (None, "placement: {tolerations: [{key: a, operator: Exists}]}"),
        (None, "volumes: {data: {claim: x, mount_path: /data}}"),
        ("volumes", "defaults: [none]\ndata: {claim: x, mount_path: /data}"),
        (
            None,
            "defaults:\n- _self_\n- model: a\n- data: [a, b]\n- train: null\n- job: ???\n- site@_here_: x",
        ),
        (None, "defaults:\n- override /train/optimizer: adam\n- optional  data: 5\n- other\n- /a/b@c.d"),
        ("train/optimizer", "name: sgd\nmomentum: 0.5"),
    ],
)
def test_a_right_file_is_accepted(group: str | None, text: str) -> None:
    assert [] == problems(group, yaml.load(text, Core))


WORDS = """
    null true false yes 0 1 -1 4 300 4.0 0.5 1.5 -0.5 1e3 1e-3 .5 inf nan 0777 22:22 1234567890123 two a/b
    500m 16Gi 16GB 1Ki +.5Gi 90s 2h30m 7w 2x4 A100:4 A100:0x2 2x0 0x2 sgd adm Running None async
    '' '4' '1.5' 'true' '90' '${seed}' ${train.seed} ${train.seed}x [] [1] {}
"""
scalars = st.sampled_from([*WORDS.split(), "{a: b}", "{a: {b: 1}}"])


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([key.path for key in catalogue.list_keys()]), scalars, st.booleans())
def test_what_composes_is_valid(key: str, text: str, in_list: bool) -> None:
    """And what a type alone makes wrong is refused by both."""
    *parents, name = key.split(".")
    head = "".join(f"{'  ' * depth}{parent}:\n" for depth, parent in enumerate(parents))
    line = f"\n{'  ' * len(parents)}- " if in_list else " "
    with TemporaryDirectory() as folder:
        file = Path(folder, "conf/config.yaml")
        file.parent.mkdir()
        file.write_text(f"{head}{'  ' * len(parents)}{name}:{line}{text}\n")
        data = nodes.plain(read_document(file, shown="conf/config.yaml").body)
        try:
            compose([], cwd=Path(folder))
        except errors.ConfigError as error:
            refused = error.message
        else:
            refused = ""
    assert not (problems(None, data) and not refused), data
    loose = (
        "YAML 1.1",
        "not `4.0`",
        "not `1e3`",
        "not `nan`",
        "not `inf`",
        "must be at least",
        "cannot be resolved",
    )
    if refused and "${" not in text and not any(word in refused for word in loose):
        assert problems(None, data), refused
