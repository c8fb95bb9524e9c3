"""Trees as Hydra users have them: what becomes of them composes, and the rest is told by file and line."""

from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.config import compose, plain
from tfjob_kit.config.hydra_tree import Imported, advice, import_tree
from tfjob_kit.config.typed import fields

TREES = Path(__file__).parent / "hydra_trees"


def imported(name: str, config_name: str | None = None) -> Imported:
    return import_tree(Path(name), config_name=config_name, cwd=TREES)


def composed(found: Imported, folder: Path, *overrides: str) -> dict[str, Any]:
    for name, text in found.files.items():
        path = folder / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return plain.to_plain(compose(overrides, cwd=folder).config)


def told(found: Imported, where: str) -> list[tuple[str, str]]:
    """Kind and message of what is said of a line."""
    return [(each.kind, each.message) for each in found.notices if each.where == where]


def test_a_tree_of_modules_with_targets(tmp_path: Path) -> None:
    found = imported("lightning", "train")
    config = composed(found, tmp_path, "experiment=example")
    net = {"input_size": 784, "lin1_size": 128, "layers": [64, 128, 64], "output_size": 10}
    params = {"optimizer": {"lr": 0.002, "weight_decay": 0.0}, "net": net, "compile": False}
    assert {"name": "", "params": params} == config["model"]
    assert 64 == config["data"]["params"]["batch_size"]
    assert 2 == config["gpus"]
    assert {"config.yaml", "data/mnist.yaml", "model/mnist.yaml", "experiment/example.yaml"} == set(
        found.files
    )


def test_nested_groups_packages_and_references(tmp_path: Path) -> None:
    found = imported("zen")
    config = composed(found, tmp_path, "+sizes=big")
    params = config["model"]["params"]
    assert {"width": 192, "heads": 3} == params["backbone"] == params["third"]
    assert 768 == params["teacher"]["width"]
    assert {"width": 192, "names": ["a", "b, c", "yes", True]} == params["head"]
    assert (1000, 224, 1000) == (params["classes"], params["image_size"], params["ema"])
    assert ("sgd", 0.1) == tuple(config["train"]["optimizer"][key] for key in ("name", "learning_rate"))
    assert (512, 300) == (config["train"]["global_batch_size"], config["train"]["stall_timeout"])
    assert ("2x4", "research") == (config["gpus"], config["site"]["namespace"])
    assert (493, 750) == (config["data"]["params"]["mode"], config["data"]["params"]["at"])


def test_the_forms_of_hydra_1_0(tmp_path: Path) -> None:
    found = imported("classic")
    config = composed(found, tmp_path)
    assert {"filters": 32, "dropout": 0.5} == config["model"]["params"]
    assert ("digits", "8Gi") == (config["data"]["name"], config["resources"]["memory"])
    assert ["note"] == [kind for kind, _ in told(found, "classic/config.yaml:1")]


@pytest.mark.parametrize(
    ("tree", "base", "where", "kind", "part"),
    [
        ("lightning", "train", "lightning/model/mnist.yaml:1", "left_out", "no object is made from a config"),
        ("lightning", "train", "lightning/model/mnist.yaml:18", "left_out", "no resolver `hydra`"),
        (
            "lightning",
            "train",
            "lightning/model/mnist.yaml:6",
            "note",
            "written as `model.params.optimizer.lr`",
        ),
        ("lightning", "train", "lightning/data/mnist.yaml:2", "left_out", "refers to `paths.data_dir`"),
        ("lightning", "train", "lightning/eval.yaml:1", "left_out", "starts from another file"),
        ("lightning", "train", "lightning/hydra/default.yaml:2", "left_out", "configures Hydra itself"),
        ("lightning", "train", "lightning/train.yaml:20", "left_out", "`train` holds keys of its own"),
        ("zen", None, "zen/config.yaml:6", "left_out", "configures Hydra itself"),
        ("zen", None, "zen/config.yaml:24", "left_out", "configures Hydra itself"),
        ("zen", None, "zen/data/broken.yaml:3", "left_out", "merge keys are not supported"),
        ("zen", None, "zen/data/images.yaml:5", "changed", "Hydra reads it as 493"),
        ("zen", None, "zen/data/images.yaml:10", "left_out", "no resolver `eval`"),
        ("zen", None, "zen/sizes/big.yaml:6", "left_out", "nothing to override"),
        ("classic", None, "classic/config.yaml:4", "left_out", "no interpolations"),
        ("classic", None, "classic/config.yaml:7", "left_out", "a package cannot be renamed"),
        ("classic", None, "classic/config.yaml:8", "changed", "`dataset: extra`"),
        ("classic", None, "classic/config.yaml:11", "left_out", "no key `lr`"),
    ],
)
def test_what_is_not_carried_over_is_told(
    tree: str, base: str | None, where: str, kind: str, part: str
) -> None:
    said = told(imported(tree, base), where)
    assert any(kind == each and part in message for each, message in said), said


def test_a_usual_name_is_a_suggestion_and_moves_nothing(tmp_path: Path) -> None:
    found = imported("classic")
    lr = next(each for each in found.notices if each.text == "lr: 0.1")
    assert "if it means the same: train.optimizer.learning_rate=0.1" == lr.instead
    assert 0.001 == composed(found, tmp_path)["train"]["optimizer"]["learning_rate"]


def test_suggested_keys_are_keys() -> None:
    names = [
        "lr",
        "batch_size",
        "epochs",
        "seed",
        "devices",
        "output_dir",
        "memory",
        "timeout",
        "tags",
        "env",
    ]
    for name in names:
        suggested = advice.suggestion((name,))
        assert suggested is not None
        assert fields.at(tuple(suggested[0].split("."))) is not None


@pytest.mark.parametrize(
    ("tree", "base", "message"),
    [
        ("lightning", None, "the file that a run starts from must be named"),
        ("lightning", "trian", "no file `trian.yaml` to start from"),
        ("nowhere", None, "the folder cannot be read"),
    ],
)
def test_a_tree_that_cannot_be_read(tree: str, base: str | None, message: str) -> None:
    with pytest.raises(errors.ConfigError, match=message) as caught:
        imported(tree, base)
    assert caught.value.hint
