"""Where each value came from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit.bundled import bundled_dir
from tfjob_kit.config import Source, compose

Project = Callable[[dict[str, str]], Path]

FILES = {
    "config": "defaults:\n  - model: small\n  - _self_\ngpus: 1\n",
    "model/small": "# small\nname: small\nparams:\n  width: 8\n  layers:\n    - 1\n    - 2\n",
}

ONLY = "override 1 of 1"


@pytest.mark.parametrize(
    ("overrides", "key", "text"),
    [
        ([], "train.steps", "default"),
        ([], "gpus", "conf/config.yaml:4"),
        ([], "model.name", "conf/model/small.yaml:2"),
        ([], "model.params.width", "conf/model/small.yaml:4"),
        ([], "model.params.layers[1]", "conf/model/small.yaml:7"),
        ([], "env", "default"),
        (["gpus=4"], "gpus", "override 1 of 1; was 1 at conf/config.yaml:4"),
        (["gpus=2", "name=x"], "name", "override 2 of 2; was null by default"),
        (["gpus=2", "gpus=3"], "gpus", "override 2 of 2; was 2 in override 1 of 2"),
        (["+env.A=1"], "env.A", "override 1 of 1"),
        (["+env.a\\.b=1"], "env.a\\.b", "override 1 of 1"),
        (["train={steps:3}"], "train.steps", "override 1 of 1; was 1000 by default"),
        (["train={steps:3}"], "train.seed", "default"),
        (["model.params={width:9}"], "model.params.width", f"{ONLY}; was 8 at conf/model/small.yaml:4"),
        (
            ["model.params.layers=[3]"],
            "model.params.layers[0]",
            f"{ONLY}; was [1,2] at conf/model/small.yaml:5",
        ),
        (["model.params.layers[0]=3"], "model.params.layers[0]", f"{ONLY}; was 1 at conf/model/small.yaml:6"),
        (["model.params.layers+=[3]"], "model.params.layers[1]", "conf/model/small.yaml:7"),
        (["model.params.layers+=[3]"], "model.params.layers[2]", "override 1 of 1"),
        (["~job.ttl"], "job.ttl", "override 1 of 1; was 604800 by default"),
        (["name=${model.name}"], "name", "override 1 of 1; was null by default"),
        (["+volumes.d={claim:c}"], "volumes.d.read_only", "default"),
        (["output.dir="], "output.dir", "override 1 of 1; was /output by default"),
    ],
)
def test_each_leaf_knows_its_source(overrides: list[str], key: str, text: str, project: Project) -> None:
    assert compose(overrides, cwd=project(FILES)).sources[key].text == text


def test_a_source_carries_its_parts(project: Project) -> None:
    sources = compose(["name=a", "gpus=4"], cwd=project(FILES)).sources
    assert sources["gpus"] == Source(
        kind="override", number=2, total=2, raw="gpus=4", was="1", was_at="conf/config.yaml:4"
    )
    assert sources["model.name"] == Source(kind="file", path="conf/model/small.yaml", line=2, column=1)
    assert sources["train.seed"] == Source(kind="default")


def test_shipped_files_are_shown_as_conf(tmp_path: Path) -> None:
    assert compose([], cwd=tmp_path).sources["gpus"].path == "conf/config.yaml"


def test_shipped_files_are_shown_as_conf_even_below_the_working_directory() -> None:
    above = bundled_dir("conf").parent.parent
    assert compose([], cwd=above).sources["gpus"].path == "conf/config.yaml"


def test_files_outside_the_working_directory_are_shown_in_full(project: Project, tmp_path: Path) -> None:
    project({"config": "gpus: 3\n"})
    (tmp_path / "elsewhere").mkdir()
    composed = compose([], cwd=tmp_path / "elsewhere", conf_dir=tmp_path / "conf")
    assert composed.sources["gpus"].path == (tmp_path / "conf/config.yaml").as_posix()


def test_a_conf_dir_above_is_shown_in_full(project: Project, tmp_path: Path) -> None:
    project({"config": "gpus: 3\n"})
    (tmp_path / "below").mkdir()
    composed = compose([], cwd=tmp_path / "below", conf_dir=Path("../conf"))
    assert composed.sources["gpus"].path == (tmp_path / "conf/config.yaml").as_posix()


def test_every_leaf_has_a_source_and_nothing_else_has(tmp_path: Path) -> None:
    sources = compose(["+env.A=1", "command=[a]"], cwd=tmp_path).sources
    assert "env.A" in sources
    assert "env" not in sources
    assert "command[0]" in sources
    assert "train" not in sources
