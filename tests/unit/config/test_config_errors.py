"""What a user reads when a config is wrong: input -> class, message, hint, exit code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.config import compose

SIZES = "4: four GPUs, one each · 2x4: replicas x GPUs each · A100:4: with a type · 0: CPU"
POLICIES = "one of Running, None, All"
UNITS = "units: m k M G T P E and Ki Mi Gi Ti Pi Ei"
TIMES = "units: s m h d; seconds without a unit"

TABLE = [
    # names that do not exist
    ("modle=resnet50", errors.UnknownChoice, "no key `modle`", "model=resnet50"),
    ("+gpuz=3", errors.UnknownChoice, "no key `gpuz`", "gpus=3"),
    ("++gpuz=3", errors.UnknownChoice, "no key `gpuz`", "gpus=3"),
    ("~gpuz", errors.UnknownChoice, "no key `gpuz`", "did you mean gpus?"),
    ("trian.steps=4", errors.UnknownChoice, "no key `trian.steps`", "train.steps=4"),
    ("learning_rate=1", errors.UnknownChoice, "no key `learning_rate`", "train.optimizer.learning_rate=1"),
    (
        "model.foo=1",
        errors.UnknownChoice,
        "no key `model.foo`",
        "to choose another option write model=OPTION",
    ),
    (
        "gpus.total=3",
        errors.UnknownChoice,
        "no key `gpus.total` (`gpus` holds one value)",
        "gpus=VALUE sets it",
    ),
    ("model=resnet5O", errors.UnknownChoice, "no option `resnet5O` in group `model`", "model=resnet50"),
    (
        "train=4",
        errors.UnknownChoice,
        "no option `4` in group `train`",
        "options: adamw, default, sgd_momentum",
    ),
    ("foo/bar=1", errors.UnknownChoice, "no group `foo/bar`", "groups: code, communication, data"),
    ("foo@bar=1", errors.UnknownChoice, "no group `foo`", "groups: "),
    (
        "model@x.y=resnet50",
        errors.UnknownChoice,
        "`model` is not in the defaults list",
        "model=resnet50",
    ),
    (
        "model.params.depth=1",
        errors.UnknownChoice,
        "no key `model.params.depth`",
        "to add it: +model.params.depth=1",
    ),
    (
        "model.params.classes=9",
        errors.UnknownChoice,
        "no key `model.params.classes`",
        "model=resnet50 has it",
    ),
    (
        "~model.params.depth",
        errors.UnknownChoice,
        "no key `model.params.depth`",
        "keys there: filters, dropout",
    ),
    ("env.A=1", errors.UnknownChoice, "no key `env.A`", "to add it: +env.A=1"),
    ("command[0]=x", errors.UnknownChoice, "`command` has 0 items, and no item [0]", "command+=[VALUE]"),
    ("model.params.filters.a=1", errors.UnknownChoice, "`model.params.filters` is `32`, so", "VALUE sets it"),
    ("train={lr:1}", errors.UnknownChoice, "no key `train.lr`", "keys here: steps, global_batch_size"),
    # values that their field does not take
    ("gpus=two", errors.InvalidValue, "`gpus` must be a number of GPUs, not `two`", f"gpus=2\n{SIZES}"),
    ("gpus=-3", errors.InvalidValue, "`gpus` must be a number of GPUs, not `-3`", f"gpus=3\n{SIZES}"),
    ("gpus=", errors.InvalidValue, "`gpus` may not be empty", SIZES),
    ("gpus=1.5", errors.InvalidValue, "`gpus` must be a number of GPUs, not `1.5`", "gpus=1\ngpus=2"),
    ("gpus=2by4", errors.InvalidValue, "`gpus` must be a number of GPUs, not `2by4`", "gpus=2x4"),
    ("gpus=A100:2by4", errors.InvalidValue, "`gpus` must be a number of GPUs", "gpus=A100:2x4"),
    ("gpus=null", errors.InvalidValue, "`gpus` may not be empty (`null`)", "give it a value"),
    ("gpus=[4]", errors.InvalidValue, "`gpus` takes one value, not a list", ""),
    (
        "train.steps=4.0",
        errors.InvalidValue,
        "`train.steps` must be a whole number, not `4.0`",
        "train.steps=4",
    ),
    ("train.steps=1e3", errors.InvalidValue, "must be a whole number, not `1e3`", "train.steps=1000"),
    ('train.steps="4"', errors.InvalidValue, 'must be a whole number, not `"4"`', "train.steps=4"),
    ("train.steps=true", errors.InvalidValue, "must be a whole number, not `true`", ""),
    ("train.steps=0", errors.InvalidValue, "`train.steps` must be at least 1, not `0`", "train.steps=1"),
    ("replicas=-3", errors.InvalidValue, "`replicas` must be at least 1, not `-3`", "replicas=1"),
    ("gpu_memory.fraction=1.5", errors.InvalidValue, "must be at most 1, not `1.5`", "gpu_memory.fraction=1"),
    ("train.optimizer.learning_rate=fast", errors.InvalidValue, "must be a number, not `fast`", ""),
    ("train.optimizer.learning_rate=nan", errors.InvalidValue, "must be a number, not `nan`", ""),
    (
        "train.warm_restart=yes",
        errors.InvalidValue,
        "must be true or false, not `yes`",
        "train.warm_restart=true\n",
    ),
    ("job.suspend=0", errors.InvalidValue, "must be true or false, not `0`", "use true or false"),
    ("job.clean_pod_policy=some", errors.InvalidValue, "`job.clean_pod_policy` cannot be `some`", POLICIES),
    ("job.clean_pod_policy=all", errors.InvalidValue, "cannot be `all`", "job.clean_pod_policy=All\n"),
    ("job.clean_pod_policy=null", errors.InvalidValue, "may not be empty (`null`)", "give it a value"),
    (
        "resources.memory=16GB",
        errors.InvalidValue,
        "not `16GB`",
        "resources.memory=16Gi\nresources.memory=16G\n",
    ),
    ("resources.memory=-1Gi", errors.InvalidValue, "not `-1Gi`", "resources.memory=1Gi"),
    ("resources.memory=1 Gi", errors.InvalidValue, "not `1 Gi`", "resources.memory=1Gi"),
    ("resources.cpu=many", errors.InvalidValue, "`resources.cpu` must be a quantity", UNITS),
    ("job.deadline=-5", errors.InvalidValue, "`job.deadline` must be a time", f"job.deadline=5\n{TIMES}"),
    ("job.deadline=1.5h", errors.InvalidValue, "must be a time", "job.deadline=5400s"),
    ("job.deadline=3w", errors.InvalidValue, "not `3w`", TIMES),
    ("job.deadline=0", errors.InvalidValue, "`job.deadline` must be at least 1, not `0`", "job.deadline=1"),
    ("command=python", errors.InvalidValue, "`command` takes a list, not `python`", "command=[python]"),
    ("command+=x", errors.InvalidValue, "`command+=` takes a list, not `x`", "command+=[x]"),
    ("train.steps+=[1]", errors.InvalidValue, "`train.steps` is no list", "train.steps=VALUE"),
    ("+job.labels.a=4", errors.InvalidValue, "`job.labels.a` must be text", "+job.labels.a='4'"),
    ("+job.labels.a=true", errors.InvalidValue, "`job.labels.a` must be text", "+job.labels.a='true'"),
    ("env=3", errors.InvalidValue, "`env` takes `{key:value}`, not `3`", ""),
    ("resources=3", errors.InvalidValue, "`resources` holds keys of its own", "cpu, memory, shared_memory"),
    ("output.dir=null", errors.InvalidValue, "`output.dir` may not be empty (`null`)", ""),
    ("output.dir=[a]", errors.InvalidValue, "`output.dir` takes one value, not a list", ""),
    ("~name=x", errors.InvalidValue, "`name` is `null` (default), not `x`, and stays", "'~name' deletes it"),
    ("train.seed=${train.sed}", errors.InvalidValue, "cannot be resolved", "'train.seed=${train.seed}'"),
    ("train.seed=${train.seed}", errors.InvalidValue, "cannot be resolved", "write \\${"),
    ("train.seed=${oc.env:TFJOB_KIT_UNSET}", errors.InvalidValue, "cannot be resolved", ""),
    ("train.seed=${name", errors.OverrideError, "this interpolation is never closed", "close it with }"),
    # forms that ask for what is not there
    ("+train.steps=4", errors.OverrideError, "already set at conf/train/default.yaml:", "train.steps=4"),
    ("+name=x", errors.OverrideError, "`name` is already set by default", "drop the +: name=x"),
    ("+command[0]=x", errors.OverrideError, "an item of a list", "command+=[x]"),
    ("~train.steps", errors.OverrideError, "`train.steps` is required", "train.steps=VALUE sets it"),
    ("++model=resnet50", errors.OverrideError, "`model` is a group", "model=OPTION"),
    ("+model=resnet50", errors.OverrideError, "`model` is already chosen", "model=resnet50"),
    (
        "~model=resnet50",
        errors.OverrideError,
        "`model` is `digits_cnn`, not `resnet50`",
        "'~model' deletes it",
    ),
    ("model=", errors.OverrideError, "`model` takes the name of an option", "options: digits_cnn, resnet50"),
    ("gpus=1,2", errors.OverrideError, "`1,2` stands for several values", "gpus=VALUE in a run of its own"),
    ("model.params={a:", errors.OverrideError, "a bracket before this place", "uses it as text"),
    (
        "train.optimizer.learning_rate=0.1,oops(",
        errors.OverrideError,
        "unknown function `oops`",
        "choice, range",
    ),
    ("++command[0]=x", errors.UnknownChoice, "`command` has 0 items", "command+=[VALUE]"),
    ("~command[0]", errors.UnknownChoice, "`command` has 0 items", "command+=[VALUE]"),
    ("env.A+=[x]", errors.UnknownChoice, "no key `env.A`", "to add it: '+env.A=[x]'"),
    ("~sweeping", errors.UnknownChoice, "no key `sweeping`", ""),
    ("~job.ttl=x", errors.InvalidValue, "`job.ttl` must be a time", ""),
    ("~replicas=3", errors.InvalidValue, "`replicas` is `null` (default), not `3`", "'~replicas' deletes it"),
    ("resources.memory=1Xi", errors.InvalidValue, "not `1Xi`", UNITS),
    ("resources.memory=-4", errors.InvalidValue, "not `-4`", "resources.memory=4"),
    ("job.ttl=9999999999999", errors.InvalidValue, "`job.ttl` must be a time", TIMES),
    # choices left open
    (
        "gpu_memory=limit",
        errors.MissingValue,
        "`gpu_memory.limit_mib` must be given",
        "gpu_memory.limit_mib=VALUE",
    ),
    ("name=???", errors.MissingValue, "`name` must be given a value", "name=VALUE"),
]


@pytest.mark.parametrize(("text", "kind", "message", "hint"), TABLE)
def test_a_wrong_override_gives_one_clear_error(
    text: str, kind: type[errors.ConfigError], message: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        compose(["name=first", text] if "name" not in text else [text], cwd=tmp_path)
    error = caught.value
    assert kind is type(error)
    assert message in error.message
    assert hint in (error.hint or "")
    assert error.exit_code == 2
    assert not error.message.endswith(".")
    assert error.where


def test_the_place_of_an_override_is_its_number_and_its_text(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        compose(["gpus=2", "gpus=two"], cwd=tmp_path)
    assert caught.value.where == "override 2 of 2: gpus=two"


def test_an_unknown_option_names_all_options_and_folders(project: Callable[[dict[str, str]], Path]) -> None:
    cwd = project({"model/mine": "name: mine"})
    with pytest.raises(errors.UnknownChoice) as caught:
        compose(["model=mime"], cwd=cwd)
    assert caught.value.nearest == ("mine",)
    assert caught.value.hint == (
        "model=mine\noptions: mine, digits_cnn, resnet50 (searched: conf, shipped conf)"
    )


CONFLICTS = [
    (["model=digits_cnn", "model=resnet50"], "`model` is set to `digits_cnn` and set to `resnet50`"),
    (["model=resnet50", "~model"], "`model` is set to `resnet50` and deleted"),
    (["job.ttl=1d", "~job.ttl"], "`job.ttl` is both set and deleted"),
]


@pytest.mark.parametrize(("overrides", "message"), CONFLICTS)
def test_overrides_that_contradict_each_other_are_refused(
    overrides: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(errors.OverrideError) as caught:
        compose(overrides, cwd=tmp_path)
    assert message in caught.value.message
    assert "override 1 of 2" in str(caught.value.where)
    assert "override 2 of 2" in str(caught.value.where)


def test_a_key_set_twice_keeps_the_last_value_and_warns(tmp_path: Path) -> None:
    composed = compose(["train.steps=1", "gpus=2", "train.steps=3"], cwd=tmp_path)
    assert composed.config.train.steps == 3
    assert composed.warnings == (
        "`train.steps` is set twice, by override 1 of 3 and override 3 of 3: the last wins",
    )


def test_all_missing_values_are_named_at_once(project: Callable[[dict[str, str]], Path]) -> None:
    cwd = project({"model/mine": "name: mine\nparams:\n  width: ???\n  depth: ???\n"})
    with pytest.raises(errors.MissingValue) as caught:
        compose(["model=mine", "gpu_memory=limit"], cwd=cwd)
    assert caught.value.message == (
        "`model.params.width`, `model.params.depth`, `gpu_memory.limit_mib` must be given"
    )
    assert caught.value.hint == (
        "model.params.width=VALUE\nmodel.params.depth=VALUE\ngpu_memory.limit_mib=VALUE"
    )
    assert (
        caught.value.where == "conf/model/mine.yaml:3, conf/model/mine.yaml:4, conf/gpu_memory/limit.yaml:4"
    )


def test_an_error_as_json_carries_its_parts(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        compose(["modle=resnet50"], cwd=tmp_path)
    assert caught.value.as_dict() == {
        "error": "UnknownChoice",
        "message": "no key `modle`",
        "where": "override 1 of 1: modle=resnet50",
        "nearest": ["model"],
        "hint": "model=resnet50",
        "exit_code": 2,
    }
