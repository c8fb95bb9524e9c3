"""Every option that ships: it composes, and its file says what it is for."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from tfjob_kit import config
from tfjob_kit.bundled import bundled_dir
from tfjob_kit.config import compose, find_model

OPTIONS = sorted(
    path.relative_to(bundled_dir("conf")).as_posix() for path in bundled_dir("conf").glob("*/*.yaml")
)
NEEDED = {"gpu_memory/limit.yaml": ["gpu_memory.limit_mib=8192"]}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_composes_alone(option: str, tmp_path: Path) -> None:
    group, _, file = option.partition("/")
    composed = compose([f"{group}={Path(file).stem}", *NEEDED.get(option, [])], cwd=tmp_path)
    used = {source.path for source in composed.sources.values()}
    assert f"conf/{option}" in used


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_opens_with_what_it_is_for_and_a_command(option: str) -> None:
    lines = (bundled_dir("conf") / option).read_text().splitlines()
    comment = list(itertools.takewhile(lambda line: line.startswith("#"), lines))
    assert len(comment) >= 2
    assert any("tfjob-kit run" in line for line in comment)


def test_the_defaults_are_the_quickest_real_training(tmp_path: Path) -> None:
    run = compose([], cwd=tmp_path).config
    assert (run.model.name, run.data.name) == ("digits_cnn", "digits")
    assert (run.train.steps, run.train.global_batch_size) == (600, 64)


def test_resnet50_brings_its_data_and_its_schedule(tmp_path: Path) -> None:
    run = compose(["model=resnet50"], cwd=tmp_path).config
    assert (run.model.name, run.data.name) == ("resnet50", "imagenet_synthetic")
    assert (run.train.optimizer.name.value, run.train.global_batch_size) == ("sgd", 32)


@pytest.mark.parametrize("model", [Path(o).stem for o in OPTIONS if o.startswith("model/")])
def test_every_model_option_has_its_file(model: str, tmp_path: Path) -> None:
    name = compose([f"model={model}"], cwd=tmp_path).config.model.name
    assert find_model(name, conf_dir=None, cwd=tmp_path).parent == bundled_dir("models")


def test_exports_are_sorted_and_load() -> None:
    assert config.__all__ == sorted(config.__all__)
    assert all(getattr(config, name) is not None for name in config.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(config, "nothing")  # noqa: B009  (the name is none that a type checker would let through)


def test_the_schema_alone_does_not_load_yaml_or_omegaconf() -> None:
    code = "import sys, tfjob_kit.config.plain; print([m for m in ('yaml', 'omegaconf') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
