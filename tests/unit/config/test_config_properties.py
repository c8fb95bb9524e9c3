"""What holds for every value: writing and reading are inverse, and only our errors come out."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import compose, parse_override, plain, schema, show, to_yaml
from tfjob_kit.config.grammar.keys import format_path, parse_path
from tfjob_kit.config.grammar.writing import format_value

# The profile `properties` (conftest.py) asks for many more.
EXAMPLES = max(60, settings.default.max_examples if settings.default.max_examples >= 1000 else 0)
unhurried = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
grammar_texts = st.text(alphabet="ab1.,:{}[]()'\"\\$ =~+-@/?_%\n\té\0", max_size=16)
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False)
scalars = st.none() | st.booleans() | numbers | texts | grammar_texts.map(lambda t: t.replace("\0", ""))
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
params = st.dictionaries(texts, data, max_size=4)


def resolvable(value: Any) -> bool:
    """Whether a value holds no interpolation and no `???`, which are not values but wishes."""
    if isinstance(value, str):
        return "${" not in value and value != "???"
    if isinstance(value, dict):
        return all(resolvable(k) and resolvable(v) for k, v in value.items())
    return all(map(resolvable, value)) if isinstance(value, list) else True


@unhurried
@given(data)
@example("\\\n")
def test_a_written_value_is_read_back(value: Any) -> None:
    if resolvable(value):
        found = parse_override(f"x={format_value(value)}").value
        assert found == value
        assert repr(found) == repr(value)


names = texts.filter(lambda text: text and text.isprintable() and not set(text) & set(" (){}=,'\""))


@unhurried
@given(st.lists(st.integers(-9, 9) | names))
def test_a_written_path_is_read_back(parts: list[str | int]) -> None:
    path = ("a", *parts)
    assert parse_path(format_path(path)) == path


limits = st.none() | st.integers(0, 10**6)
configs = st.builds(
    schema.RunConfig,
    name=st.none() | texts,
    gpus=st.builds(
        schema.Size,
        replicas=st.integers(1, 999),
        per_replica=st.integers(1, 16),
        type=st.none() | st.sampled_from(["A100-80GB", "mig-1g.10gb"]),
    ),
    replicas=st.none() | st.integers(1, 99),
    model=st.builds(schema.ModelConfig, name=texts, params=params),
    train=st.builds(
        schema.TrainConfig,
        steps=st.integers(1, 10**9),
        precision=st.sampled_from(schema.Precision),
        optimizer=st.builds(schema.OptimizerConfig, learning_rate=st.floats(0, 1e10)),
    ),
    job=st.builds(
        schema.JobConfig,
        ttl=limits,
        clean_pod_policy=st.sampled_from(schema.CleanPodPolicy),
        labels=st.dictionaries(texts, texts, max_size=2),
    ),
    volumes=st.dictionaries(
        texts, st.builds(schema.VolumeConfig, mount_path=texts, claim=st.none() | texts), max_size=2
    ),
    placement=st.builds(schema.PlacementConfig, tolerations=st.lists(params, max_size=2)),
    command=st.lists(texts, max_size=3),
    env=st.dictionaries(texts, texts, max_size=3),
)


@unhurried
@given(configs)
def test_yaml_reads_back_as_the_same_config(config: schema.RunConfig) -> None:
    data = yaml.safe_load(to_yaml(config))
    assert plain.from_plain(data) == config
    assert plain.with_defaults(data) == plain.to_plain(config)


@unhurried
@given(configs)
@example(
    schema.RunConfig(env={"A": "${name} \\${x} \\\\${y}"}, model=schema.ModelConfig(params={"a": "1e3"}))
)
def test_a_shown_config_composes_back_to_the_same_config(config: schema.RunConfig) -> None:
    if "???" in repr(config):
        return
    with TemporaryDirectory() as folder:
        conf = Path(folder, "conf")
        conf.mkdir()
        (conf / "config.yaml").write_text(shown_yaml(config), encoding="utf-8")
        composed = compose([], cwd=Path(folder))
        assert composed.config == config
        for sources in (False, True):
            (conf / "config.yaml").write_text(show(composed, sources=sources), encoding="utf-8")
            assert compose([], cwd=Path(folder)).config == config


def shown_yaml(config: schema.RunConfig) -> str:
    """What `show` writes for a config that did not come from composition."""
    from tfjob_kit.config.composition import Composed

    return show(Composed(config=config, sources={}, warnings=(), conf_dirs=()))


def failure(action: Callable[[], object]) -> errors.ConfigError | None:
    """Our error that an action raises; every other error is the test's."""
    try:
        action()
    except errors.ConfigError as error:
        return error
    return None


@unhurried
@given(st.text(max_size=30) | grammar_texts)
def test_only_our_errors_come_out_of_parsing(text: str) -> None:
    for override in (text, f"x={text}"):
        error = failure(lambda override=override: parse_override(override))
        if error is not None:
            assert error.message
            assert not error.message.endswith(".")
            (error.source or "").encode()


keys = st.sampled_from(
    [
        "train",
        "train.steps",
        "gpus",
        "model",
        "model.params",
        "model.params.a",
        "command",
        "command[0]",
        "name",
        "job.labels.x",
        "volumes.a",
        "volumes.a.claim",
        "env.X",
        "placement.tolerations",
        "a@b",
        "train/x",
        "data@_global_",
        "gpu_memory",
        "job.ttl",
        "site.gpu_types.A.node_selector.x",
        "model.params.a[0].b",
    ]
)
values = grammar_texts | st.sampled_from(
    [
        "${train.steps}",
        "${env}",
        "${oc.env:X,${name}}",
        "[1,{a:b}]",
        "{a:{b:c}}",
        "null",
        "???",
        "${.a}",
        "${..}",
        "${oc.decode:'[1,'}",
        "${oc.create:{a:${b}}}",
        "${volumes}",
        "${name}${name}",
        "{claim:x}",
        "${",
        "1",
        "7d",
    ]
)
overrides = st.builds(
    lambda mark, key, equals, value: mark + key + equals + value,
    st.sampled_from(["", "+", "++", "~"]),
    keys,
    st.sampled_from(["=", "", "+="]),
    values,
)


@unhurried
@given(st.lists(overrides | st.text(max_size=12), max_size=4))
def test_only_our_errors_come_out_of_composition(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        error = failure(lambda: compose(texts, cwd=Path(folder)))
        if error is not None:
            str(error.as_dict()).encode()
            return
        composed = compose(texts, cwd=Path(folder))
    assert plain.from_plain(yaml.safe_load(to_yaml(composed.config))) == composed.config


@unhurried
@given(st.text(max_size=60) | st.text(alphabet="a:-[]{}&*!|>'\"%#? \n\t1", max_size=60))
def test_only_our_errors_come_out_of_files(text: str) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "conf").mkdir()
        Path(folder, "conf/config.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        error = failure(lambda: compose([], cwd=Path(folder)))
        assert error is None or str(error.where).startswith("conf/config.yaml")
