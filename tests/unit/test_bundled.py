"""Where the shipped folders lie, in a wheel and in a checkout."""

from pathlib import Path

from tfjob_kit.bundled import bundled_dir, model_dirs


def test_a_checkout_has_them_beside_the_package() -> None:
    assert (bundled_dir("conf") / "config.yaml").is_file()
    assert bundled_dir("models").is_dir()


def test_a_wheel_has_them_inside_the_package(tmp_path: Path) -> None:
    inside = tmp_path / "tfjob_kit/_bundled/conf"
    inside.mkdir(parents=True)
    (tmp_path / "conf").mkdir()
    assert bundled_dir("conf", package=tmp_path / "tfjob_kit") == inside


def test_models_come_from_the_conf_dirs_side_then_here_then_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "given/models").mkdir(parents=True)
    found = model_dirs(tmp_path, conf_dir=Path("given/conf"))
    assert found == (tmp_path / "given/models", tmp_path / "models", bundled_dir("models"))


def test_folders_that_do_not_exist_are_left_out_and_none_comes_twice(tmp_path: Path) -> None:
    assert model_dirs(tmp_path) == (bundled_dir("models"),)
    root = bundled_dir("models").parent
    assert model_dirs(root, conf_dir=Path("conf")) == (bundled_dir("models"),)
