"""What a YAML file says: every leaf with its line, nothing typed by YAML's own rules."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.config import compose, to_yaml
from tfjob_kit.config.files.document import yaml_trap

Project = Callable[[dict[str, str]], Path]


def fails(project: Project, text: str) -> errors.ConfigError:
    with pytest.raises(errors.ConfigError) as caught:
        compose([], cwd=project({"config": text}))
    return caught.value


BROKEN = [
    ("gpus: [1\n", "not valid YAML: this [ is never closed", "conf/config.yaml:1:7"),
    ("gpus: 1\n  train: 2\n", "not valid YAML: mapping values are not allowed here", "conf/config.yaml:2:8"),
    ("gpus: 1\n\ttrain: 2\n", "not valid YAML: found character '\\t' that cannot", "conf/config.yaml:2:1"),
    ('name: "abc\n', 'not valid YAML: this " is never closed', "conf/config.yaml:1:7"),
    ("name: *gone\n", "not valid YAML: found undefined alias 'gone'", "conf/config.yaml:1:7"),
    ("name: a\x00b\n", "not valid YAML: a character that YAML does not allow", "conf/config.yaml:1:8"),
    ("- a\n", "a config file holds `key: value` lines", "conf/config.yaml:1:1"),
    ("gpus: 1\ngpus: 2\n", "the key `gpus` stands twice", "conf/config.yaml:2:1"),
    ("? [a]\n: 1\n", "a key must be a word", "conf/config.yaml:1:3"),
    ("a: &a {b: 1}\nenv:\n  <<: *a\n", "merge keys are not supported", "conf/config.yaml:3:3"),
    ("env: !!python/object:os.system {}\n", "the tag `tag:yaml.org,2002:python/object:os.system`", ":1:6"),
    ("env: !mine {}\n", "the tag `!mine` is not supported", "conf/config.yaml:1:6"),
    ("env: &a [*a]\n", "nested too deep, or aliases that repeat each other", "conf/config.yaml:1:6"),
    ("env: " + "[" * 2000 + "\n", "nested too deep", "conf/config.yaml:1:1"),
    ("---\na: 1\n---\nb: 1\n", "not valid YAML: but found another document", "conf/config.yaml:3:1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "where"), BROKEN)
def test_a_broken_file_is_named_with_line_and_column(
    text: str, message: str, where: str, project: Project
) -> None:
    error = fails(project, text)
    assert message in error.message
    assert str(error.where).endswith(where)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("gpus: [1\n", "1:7", "close it with ]"),
        ("\nname: {a: [1, 2\n\n", "2:11", "close it with ]"),
        ("name: {a: 1\n", "1:7", "close it with }"),
        ("name: 'a\n", "1:7", "close it with '"),
    ],
)
def test_what_is_not_closed_is_named_where_it_begins(
    text: str, place: str, hint: str, project: Project
) -> None:
    error = fails(project, text)
    assert (f"conf/config.yaml:{place}", hint) == (error.where, error.hint)


def test_a_bracket_that_nothing_follows_is_not_closed_either(project: Project) -> None:
    assert "a bracket before it is not closed" == fails(project, "model: {a: [1,\n").hint


def test_a_broken_file_shows_its_line_with_a_caret(project: Project) -> None:
    assert fails(project, "gpus: 1\n  train: 2\n").source == "  train: 2\n       ^"


def test_aliases_that_grow_without_bound_are_refused(project: Project) -> None:
    bomb = "a0: &a0 [x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    assert "aliases that repeat each other" in fails(project, bomb).message


def test_an_alias_may_be_used(project: Project) -> None:
    cwd = project({"config": "model: {params: &p {a: 1}}\ndata: {params: *p}\n"})
    assert compose([], cwd=cwd).config.data.params == {"a": 1}


def test_a_file_that_is_no_utf8_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(errors.ConfigError, match="not UTF-8"):
        compose([], cwd=tmp_path)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(errors.ConfigError, match="cannot be read") as caught:
        compose([], cwd=tmp_path)
    assert caught.value.where == "conf/config.yaml"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("yes", "true"), ("Off", "false"), ("NO", "false"), ("0777", "511"), ("0x10", "16"), ("0b11", "3"),
        ("22:22", "1342"), ("1:30.5", "90.5"), ("-0o7", None), ("0", None), ("08", None), ("yEs", None),
        ("2024-01-01", None), ("1.10", None), ("12:99", None), ("", None),
    ],
)  # fmt: skip
def test_what_yaml_readers_would_change_is_known(text: str, reading: str | None) -> None:
    assert yaml_trap(text) == reading


@pytest.mark.parametrize("text", ["yes", "off", "0777", "0x10", "22:22"])
@pytest.mark.parametrize("key", ["name", "output: {dir", "env: {A", "model: {params: {a", "job: {labels: {a"])
def test_text_that_yaml_readers_would_change_is_refused(text: str, key: str, project: Project) -> None:
    closing = "}" * key.count("{")
    error = fails(project, f"{key}: {text}{closing}\n")
    assert f"is `{text}`, which YAML 1.1 reads as {yaml_trap(text)}" in error.message
    assert f'"{text}"' in str(error.hint)
    assert str(error.where).startswith("conf/config.yaml:1:")
    quoted = compose([], cwd=project({"config": f'{key}: "{text}"{closing}\n'}))
    assert text in to_yaml(quoted.config)


TYPED = [
    ("name: 1.10", "name", "1.10"),
    ("name: 1e3", "name", "1e3"),
    ("name: plain text here", "name", "plain text here"),
    ("name: !!str 0777", "name", "0777"),
    ("name: 'yes'", "name", "yes"),
    ("name: ~", "name", None),
    ("name:", "name", None),
    ("name: 2024-01-01", "name", "2024-01-01"),
    ("gpus: 2x4", "gpus.total", 8),
    ("gpus: A100:4", "gpus.type", "A100"),
    ("replicas: 1_000", "replicas", 1000),
    ("train: {optimizer: {learning_rate: 1e-3}}", "train.optimizer.learning_rate", 1e-3),
    ("train: {warm_restart: False}", "train.warm_restart", False),
    ("job: {clean_pod_policy: None}", "job.clean_pod_policy.value", "None"),
    ("job: {ttl: 2h30m}", "job.ttl", 9000),
    ("job: {ttl: null}", "job.ttl", None),
    ("resources: {cpu: 0.5}", "resources.cpu", "0.5"),
    ("env: {A: true}", "env", {"A": "true"}),
    ("command: [python, a.py]", "command", ["python", "a.py"]),
    (
        "model: {params: {a: 1, b: 1.5, c: x, d: [null, true], e: .inf, f: {}}}",
        "model.params",
        {"a": 1, "b": 1.5, "c": "x", "d": [None, True], "e": float("inf"), "f": {}},
    ),
    ("placement: {tolerations: [{key: gpu, operator: Exists}]}", "placement.tolerations",
     [{"key": "gpu", "operator": "Exists"}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "value"), TYPED)
def test_a_files_value_is_typed_by_its_field(text: str, key: str, value: object, project: Project) -> None:
    found: object = compose([], cwd=project({"config": text + "\n"})).config
    for part in key.split("."):
        found = getattr(found, part)
    assert found == value


REFUSED = [
    ("gpus: two", "`gpus` must be a number of GPUs, not `two`", "gpus: 2"),
    ('train: {steps: "4"}', '`train.steps` must be a whole number, not `"4"`', "steps: 4"),
    ("train: {steps: 0777}", "`train.steps` must be a whole number, not `0777`", ""),
    ("train: {warm_restart: yes}", "`train.warm_restart` must be true or false", "warm_restart: true"),
    ("train: {step: 4}", "no key `train.step`", "did you mean train.steps?"),
    ("trian: {steps: 4}", "no key `trian`", "did you mean train?"),
    ("train: 4", "`train` holds keys of its own", "steps, global_batch_size"),
    ("train:", "`train` may not be empty", ""),
    ("job: {labels: {a: 4}}", "`job.labels.a` must be text", 'a: "4"'),
    ("env: 3", "`env` takes `key: value`, not `3`", ""),
    ("command: [1, [2]]", "`command[1]` takes one value, not a list", ""),
    ("volumes: {a: {clam: x}}", "no key `volumes.a.clam`", "did you mean volumes.a.claim?"),
]


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED)
def test_a_wrong_value_in_a_file_is_named_with_its_line(
    text: str, message: str, hint: str, project: Project
) -> None:
    error = fails(project, f"# first line\n{text}\n")
    assert message in error.message
    assert hint in (error.hint or "")
    assert str(error.where).startswith("conf/config.yaml:2:")


def test_an_empty_file_is_an_empty_option(project: Project) -> None:
    assert compose([], cwd=project({"config": "# nothing\n"})).config.gpus.total == 1


def test_a_byte_order_mark_does_not_matter(project: Project) -> None:
    assert compose([], cwd=project({"config": "\ufeffgpus: 2\n"})).config.gpus.total == 2


def test_a_key_with_control_characters_is_shown_on_one_line(project: Project) -> None:
    error = fails(project, '"a\\n\\eb": 1\n')
    assert error.message == "no key `a??b`"
