"""Which files a run takes and in which order they merge."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.config import compose

Project = Callable[[dict[str, str]], Path]

BASE = {
    "config": """
        defaults:
          - model: small
          - data: first
          - _self_
        train:
          steps: 10
    """,
    "model/small": "name: small\n",
    "model/big": """
        defaults:
          - override /data: second
        name: big
    """,
    "data/first": "name: first\nparams: {size: 1}\n",
    "data/second": "name: second\nparams: {shape: 2}\n",
    "data/third": "name: third\n",
}


def names(cwd: Path, *overrides: str) -> tuple[str, str]:
    config = compose(overrides, cwd=cwd).config
    return config.model.name, config.data.name


def test_the_defaults_list_chooses_the_options(project: Project) -> None:
    assert names(project(BASE)) == ("small", "first")


def test_an_option_overrides_another_groups_choice_that_stands_behind_it(project: Project) -> None:
    assert names(project(BASE), "model=big") == ("big", "second")


def test_options_replace_each_other_and_do_not_merge(project: Project) -> None:
    assert compose(["model=big"], cwd=project(BASE)).config.data.params == {"shape": 2}


def test_a_choice_on_the_command_line_wins_over_an_override_in_a_file(project: Project) -> None:
    cwd = project(BASE)
    assert names(cwd, "model=big", "data=third") == ("big", "third")
    assert names(cwd, "data=third", "model=big") == ("big", "third")


def test_keys_apply_after_all_groups_wherever_they_stand(project: Project) -> None:
    composed = compose(["data.name=mine", "model=big"], cwd=project(BASE))
    assert composed.config.data.name == "mine"


def test_the_last_override_in_files_wins(project: Project) -> None:
    cwd = project(
        {
            **BASE,
            "config": """
        defaults:
          - model: big
          - data: first
          - override data: third
          - _self_
    """,
        }
    )
    assert names(cwd) == ("big", "third")


def test_an_override_chain_settles(project: Project) -> None:
    cwd = project(
        {
            **BASE,
            "data/second": """
        defaults:
          - override /train: quick
        name: second
    """,
            "train/slow": "steps: 100\n",
            "train/quick": "steps: 1\n",
            "config": """
        defaults:
          - train: slow
          - model: big
          - data: first
    """,
        }
    )
    assert compose([], cwd=cwd).config.train.steps == 1


def test_self_places_the_files_own_body(project: Project) -> None:
    cwd = project(
        {
            "config": "defaults: [_self_, {train: quick}]\ntrain: {steps: 10}\n",
            "train/quick": "steps: 1\n",
        }
    )
    assert compose([], cwd=cwd).config.train.steps == 1


def test_without_self_the_own_body_comes_last(project: Project) -> None:
    cwd = project(
        {
            "config": "defaults: [{train: quick}]\ntrain: {steps: 10}\n",
            "train/quick": "steps: 1\n",
        }
    )
    assert compose([], cwd=cwd).config.train.steps == 10


def test_an_option_includes_a_file_of_its_own_folder(project: Project) -> None:
    cwd = project({**BASE, "data/third": "defaults: [base]\nname: third\n", "data/base": "params: {a: 1}\n"})
    config = compose(["data=third"], cwd=cwd).config
    assert (config.data.name, config.data.params) == ("third", {"a": 1})


def test_a_nested_group_lies_in_its_files_package(project: Project) -> None:
    cwd = project(
        {
            "config": "defaults: [{train: mine}]\n",
            "train/mine": "defaults: [{optimizer: sgd}]\nsteps: 3\n",
            "train/optimizer/sgd": "name: sgd\n",
            "train/optimizer/adam": "name: adam\n",
        }
    )
    assert compose([], cwd=cwd).config.train.optimizer.name.value == "sgd"
    assert compose(["train/optimizer=adam"], cwd=cwd).config.train.optimizer.name.value == "adam"


def test_a_global_package_puts_keys_at_the_root(project: Project) -> None:
    cwd = project(
        {
            **BASE,
            "experiment/wide": """
        # @package _global_
        defaults:
          - override /model: big
        gpus: 2x4
        train:
          steps: 7
    """,
        }
    )
    config = compose(["+experiment=wide"], cwd=cwd).config
    assert (config.model.name, config.gpus.total, config.train.steps) == ("big", 8, 7)


def test_a_package_header_names_any_place(project: Project) -> None:
    cwd = project({**BASE, "tuning/slow": "# @package train.optimizer\nlearning_rate: 1e-5\n"})
    assert compose(["+tuning=slow"], cwd=cwd).config.train.optimizer.learning_rate == 1e-5


def test_an_appended_group_comes_after_the_base_files_body(project: Project) -> None:
    cwd = project({**BASE, "experiment/short": "# @package _global_\ntrain: {steps: 1}\n"})
    assert compose(["+experiment=short"], cwd=cwd).config.train.steps == 1


def test_a_group_may_go_to_another_package(project: Project) -> None:
    cwd = project({**BASE, "disk/scratch": "mount_path: /scratch\nempty_dir: true\n"})
    config = compose(["+disk@volumes.tmp=scratch"], cwd=cwd).config
    assert config.volumes["tmp"].mount_path == "/scratch"


def test_several_options_of_one_group_merge_in_order(project: Project) -> None:
    cwd = project({**BASE, "volumes/a": "a: {claim: x, mount_path: /a}\n", "volumes/b": "b: {claim: y}\n"})
    assert sorted(compose(["+volumes=[a,b]"], cwd=cwd).config.volumes) == ["a", "b"]


def test_null_and_delete_take_a_group_out(project: Project) -> None:
    cwd = project(BASE)
    assert names(cwd, "data=null") == ("small", "")
    assert names(cwd, "~data") == ("small", "")
    assert names(cwd, "~data=first") == ("small", "")


def test_optional_forgives_a_missing_option(project: Project) -> None:
    cwd = project({"config": "defaults: [{optional site: absent}]\ngpus: 3\n"})
    assert compose([], cwd=cwd).config.gpus.total == 3


def test_the_search_path_takes_the_first_match_per_file_and_never_merges(project: Project) -> None:
    cwd = project(
        {
            "model/digits_cnn": "name: digits_cnn\nparams: {mine: 1}\n",
            "given/model/other.yaml": "name: other\n",
            "given/model/digits_cnn.yaml": "name: digits_cnn\nparams: {given: 1}\n",
        }
    )
    assert compose([], cwd=cwd).config.model.params == {"mine": 1}
    composed = compose([], cwd=cwd, conf_dir=Path("given"))
    assert composed.config.model.params == {"given": 1}
    assert compose(["model=other"], cwd=cwd, conf_dir=cwd / "given").config.model.name == "other"
    assert [folder.name for folder in composed.conf_dirs] == ["given", "conf", "conf"]


BROKEN = [
    ({"config": "defaults: [{model: absent}]\n", "model/a": ""}, "no option `absent` in group `model`", "a"),
    ({"config": "defaults: [{nothing: a}]\n"}, "no group `nothing`", "groups: "),
    ({"config": "defaults: [other]\n"}, "no file `other`", ""),
    ({"config": "defaults: [{override model: a}]\n", "model/a": ""}, "nothing to override", "- /model: a"),
    ({"config": "defaults: [{model: '???'}]\n", "model/a": ""}, "`model` must be chosen", "model=OPTION"),
    (
        {"config": "defaults: [{model: a}, {model: a}]\n", "model/a": ""},
        "`model` is chosen twice",
        "override",
    ),
    (
        {"config": "defaults: [{model: a}]\n", "model/a": "defaults: [b]", "model/b": "defaults: [a]"},
        "include each other: config -> model/a -> model/b -> model/a",
        "remove",
    ),
    ({"config": "defaults: [_self_, _self_]\n"}, "`_self_` stands twice", "write"),
    ({"config": "defaults: {model: a}\n"}, "`defaults` must be a list", "write"),
    ({"config": "defaults: [{model: a, data: b}]\n"}, "this is no entry", "write"),
    ({"config": "defaults: [[a]]\n"}, "this is no entry", "write"),
    ({"config": "defaults: ['a b']\n"}, "`a b` is no entry", "write"),
    ({"config": "defaults: [{'a b': c}]\n"}, "`a b` is no group", "write"),
    ({"config": "defaults: [{over model: c}]\n"}, "`over model` is no group", "write"),
    ({"config": "defaults: [{model: {a: 1}}]\n"}, "an option is a name", "write"),
    ({"config": "defaults: [{model: '${name}'}]\n"}, "cannot hold interpolations", "write"),
]


@pytest.mark.parametrize(("files", "message", "hint"), BROKEN)
def test_a_wrong_defaults_list_is_refused_with_its_place(
    files: dict[str, str], message: str, hint: str, project: Project
) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        compose([], cwd=project(files))
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert str(caught.value.where).startswith("conf/")


def test_choices_that_change_each_other_without_end_are_refused(project: Project) -> None:
    cwd = project(
        {
            "config": "defaults: [{model: a}, {data: a}]\n",
            "model/a": "defaults: [{override /data: b}]\n",
            "model/b": "",
            "data/a": "",
            "data/b": "defaults: [{override /model: b}]\n",
        }
    )
    with pytest.raises(errors.ConfigError, match="without end"):
        compose([], cwd=cwd)


def test_a_group_outside_the_defaults_list_is_offered_with_a_plus(project: Project) -> None:
    cwd = project({**BASE, "experiment/x": ""})
    with pytest.raises(errors.UnknownChoice) as caught:
        compose(["experiment=x"], cwd=cwd)
    assert caught.value.message == "`experiment` is not in the defaults list"
    assert caught.value.hint == "+experiment=x"


def test_a_folder_given_by_conf_dir_must_exist(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match="No such file or directory") as caught:
        compose([], cwd=tmp_path, conf_dir=Path("absent"))
    assert caught.value.where == "absent"


@pytest.mark.parametrize("option", ["../../etc/passwd", "/etc/passwd", "..", "a/../b", "x" * 5000, "é"])
def test_an_option_never_leaves_the_search_path(option: str, tmp_path: Path) -> None:
    with pytest.raises(errors.UnknownChoice):
        compose([f"model={option}"], cwd=tmp_path)
