"""Finding a model's file and checking it without importing it."""

from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.config import find_model

GOOD = "raise SystemExit('imported')\ndef build(params):\n    return None\n"


def make(folder: Path, name: str, text: str = GOOD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    return folder / f"{name}.py"


def test_the_working_directorys_models_are_found_and_not_imported(tmp_path: Path) -> None:
    path = make(tmp_path / "models", "mine")
    assert find_model("mine", conf_dir=None, cwd=tmp_path) == path


def test_models_beside_the_conf_dir_come_first(tmp_path: Path) -> None:
    make(tmp_path / "models", "mine")
    path = make(tmp_path / "given/models", "mine")
    (tmp_path / "given/conf").mkdir()
    assert find_model("mine", conf_dir=Path("given/conf"), cwd=tmp_path).resolve() == path.resolve()


@pytest.mark.parametrize(
    "build", ["def build(*params): ...", "def build(params, /): ...", "def build(p, q=1): ..."]
)
def test_any_build_with_a_parameter_will_do(build: str, tmp_path: Path) -> None:
    path = make(tmp_path / "models", "mine", build + "\n")
    assert find_model("mine", conf_dir=None, cwd=tmp_path) == path


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("def biuld(params): ...\n", "the model file defines no `build`", "models/mine.py"),
        ("build = 3\n", "the model file defines no `build`", "models/mine.py"),
        ("\ndef build(): ...\n", "`build` takes no parameters", "models/mine.py:2"),
        (
            "def build(params:\n",
            "the model file is no valid Python: '(' was never closed",
            "models/mine.py:1",
        ),
        ("a = '\0'\n", "the model file is no valid Python: source code", "models/mine.py"),
    ],
)
def test_a_file_without_build_is_refused(text: str, message: str, where: str, tmp_path: Path) -> None:
    make(tmp_path / "models", "mine", text)
    with pytest.raises(errors.ModelError) as caught:
        find_model("mine", conf_dir=None, cwd=tmp_path)
    assert message in caught.value.message
    assert caught.value.where == where
    assert caught.value.exit_code == 2


def test_an_unknown_model_names_the_nearest_and_the_folders(tmp_path: Path) -> None:
    make(tmp_path / "models", "transformer")
    with pytest.raises(errors.ModelError) as caught:
        find_model("transfomer", conf_dir=None, cwd=tmp_path)
    assert caught.value.message == "no model file `transfomer.py`"
    assert caught.value.nearest == ("transformer",)
    assert "models: transformer" in str(caught.value.hint)
    assert "searched: models" in str(caught.value.hint)


def test_no_name_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelError, match="no model is chosen"):
        find_model("", conf_dir=None, cwd=tmp_path)


@pytest.mark.parametrize("name", ["../mine", "/mine", "a/b", "mine.py", "\0", "x" * 5000])
def test_a_name_never_leaves_the_folders(name: str, tmp_path: Path) -> None:
    make(tmp_path, "mine")
    with pytest.raises(errors.ModelError):
        find_model(name, conf_dir=None, cwd=tmp_path)
