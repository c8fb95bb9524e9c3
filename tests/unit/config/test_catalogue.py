"""What can be chosen and set, listed without reading YAML."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tfjob_kit.bundled import bundled_dir
from tfjob_kit.config import catalogue
from tfjob_kit.config.catalogue import Group, Key, Option
from tfjob_kit.config.typed import fields

Project = Callable[[dict[str, str]], Path]

MINE = """
# @package _global_
# yaml-language-server: $schema=../../schema/config.json
#
#   Faces, on   two cards.
# tfjob-kit run mine=faces gpus=2      two minutes
# tfjob-kit is quick.
#tfjob-kit render mine=faces
model: {name: faces}
# tfjob-kit run after=the-body
"""


def group(name: str, *, cwd: Path, conf_dir: Path | None = None) -> Group:
    return next(each for each in catalogue.list_groups(conf_dir=conf_dir, cwd=cwd) if each.name == name)


def test_an_option_is_what_its_opening_comment_says(project: Project) -> None:
    cwd = project({"mine/faces": MINE.lstrip()})
    path = cwd / "conf/mine/faces.yaml"
    faces = Option(
        group="mine",
        name="faces",
        about="Faces, on two cards.",
        commands=("tfjob-kit run mine=faces gpus=2", "tfjob-kit render mine=faces"),
        package="_global_",
        path=path,
        shown="conf/mine/faces.yaml",
        folder="conf",
        hides_shipped=False,
    )
    assert Group(name="mine", about="", options=(faces,)) == group("mine", cwd=cwd)


def test_a_file_that_cannot_be_read_as_yaml_or_text_is_listed(project: Project) -> None:
    cwd = project({"mine/broken": "# Broken.\na: [", "mine/empty": ""})
    (cwd / "conf/mine/binary.yaml").write_bytes(b"\xff\xfe\0")
    (cwd / "conf/mine/gone.yaml").symlink_to("nowhere")
    found = {option.name: option.about for option in group("mine", cwd=cwd).options}
    assert {"binary": "", "broken": "Broken.", "empty": "", "gone": ""} == found


def test_each_option_knows_its_folder_and_what_it_hides(project: Project, tmp_path: Path) -> None:
    cwd = project({"model/resnet50": "# Mine.\nname: mine", "model/vit": "name: vit"})
    (cwd / "team/model").mkdir(parents=True)
    (cwd / "team/model/vit.yaml").write_text("# The team's.\nname: vit\n")
    found = {
        option.name: (option.folder, option.about, option.hides_shipped)
        for option in group("model", cwd=cwd, conf_dir=Path("team")).options
    }
    assert ("conf", "Mine.", True) == found["resnet50"]
    assert ("team", "The team's.", False) == found["vit"]
    assert found["digits_cnn"][0] is None


def test_all_that_ships_is_listed_with_its_purpose_and_a_command(tmp_path: Path) -> None:
    shipped = {f"{path.parent.name}/{path.stem}" for path in bundled_dir("conf").glob("*/*.yaml")}
    options = [o for g in catalogue.list_groups(conf_dir=None, cwd=tmp_path) for o in g.options]
    assert shipped == {f"{option.group}/{option.name}" for option in options}
    assert [] == [option.name for option in options if not (option.about and option.commands)]


def test_every_key_of_the_schema_is_there_and_says_what_it_is() -> None:
    assert list(fields.all_paths()) == [key.path for key in catalogue.list_keys()]
    assert [] == [key.path for key in catalogue.list_keys() if not key.about]


def test_a_key_says_what_may_stand_there() -> None:
    found = {key.path: key for key in catalogue.list_keys()}
    precision = found["train.precision"]
    assert ("float32", "mixed_bfloat16", "mixed_float16") == precision.values
    assert "one of float32, mixed_bfloat16, mixed_float16" == precision.kind
    assert ("true", "false") == found["train.warm_restart"].values
    assert (
        Key(path="job.ttl", about=found["job.ttl"].about, kind="duration", values=(), default=604800)
        == found["job.ttl"]
    )
    kinds = {path: found[path].kind for path in ("gpus", "train", "env", "command", "name", "train.steps")}
    assert {
        "gpus": "size",
        "train": "section",
        "env": "map",
        "command": "list",
        "name": "text",
        "train.steps": "integer",
    } == kinds


def test_listing_imports_neither_yaml_nor_omegaconf_nor_typer() -> None:
    code = (
        "import sys; from pathlib import Path; from tfjob_kit.config import catalogue as c; c.list_keys();"
        "c.list_groups(conf_dir=None, cwd=Path('.'));"
        "print([m for m in ('yaml', 'omegaconf', 'typer', 'click', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout
