"""Every option that ships: it composes and renders; its file says what it is for, with commands that work."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tfjob_kit import config, errors, manifest, plan
from tfjob_kit.bundled import bundled_dir
from tfjob_kit.cli.__main__ import main
from tfjob_kit.config import compose, find_model

CONF = bundled_dir("conf")
FILES = sorted(path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml"))
OPTIONS = [file for file in FILES if "/" in file]
GROUPS = {
    "code": ["bundle", "image"],
    "communication": ["auto", "nccl", "rdma", "ring"],
    "data": ["digits", "imagenet_synthetic"],
    "experiment": ["face_recognition"],
    "gpu_memory": ["async", "exclusive", "fraction", "growth", "limit"],
    "job": ["default", "gang", "kueue", "preemptible"],
    "model": ["digits_cnn", "resnet50"],
    "site": ["default", "example"],
    "train": ["adamw", "default", "sgd_momentum"],
    "volumes": ["dataset_pvc", "none", "ssd_cache"],
}
# What only the cluster or the user knows; the file says `???`.
NEEDED = {
    "communication/rdma.yaml": ["communication.rdma_resource=rdma/hca_shared_devices_a"],
    "gpu_memory/limit.yaml": ["gpu_memory.limit_mib=8192"],
    "job/kueue.yaml": ["job.queue=team-a"],
    "job/preemptible.yaml": ["job.queue=team-a", "job.queue_priority=low", "output.claim=checkpoints"],
    "volumes/dataset_pvc.yaml": ["volumes.dataset.claim=imagenet"],
}
# Words of commands that the lint warns of, as it should.
WARNED = {"host_path"}
# What YAML 1.1 loaders, which other tools use, read as truth, octal, base 60 or a date.
YAML_11_TRAP = re.compile(
    r"(?i:y|n|yes|no|on|off)|0[0-7_]+|[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?|\d{4}-\d\d?-\d\d?.*"
)


def _choice(file: str) -> str:
    group, _, option = file.removesuffix(".yaml").rpartition("/")
    return f"{group}={option}"


def _comment(file: str) -> list[str]:
    """The lines that open a file, without those that place it."""
    lines = (CONF / file).read_text().splitlines()
    opening = itertools.takewhile(lambda line: line.startswith("#"), lines)
    return [line for line in opening if not line.startswith("# @")]


def _commands(file: str) -> list[str]:
    """Commands of the opening comment, without what is said behind two spaces."""
    found = [line.partition("# tfjob-kit ")[2] for line in _comment(file)]
    return [re.split(r"\s{2,}", command.strip())[0] for command in found if command]


COMMANDS = [(file, command) for file in FILES for command in _commands(file)]


def test_what_ships_is_what_was_promised() -> None:
    shipped = {
        group.name: sorted(file.stem for file in group.iterdir())
        for group in CONF.iterdir()
        if group.is_dir()
    }
    assert GROUPS == {group: shipped[group] for group in GROUPS}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_composes_alone_and_renders(option: str, tmp_path: Path) -> None:
    composed = compose([_choice(option), *NEEDED.get(option, [])], cwd=tmp_path)
    used = [source for source in composed.sources.values() if f"conf/{option}" in source.text]
    assert used or option == "volumes/none.yaml"
    made = manifest.build_tfjob(plan.make_plan(composed.config, name="job", suffix="unused"))
    assert "Chief" in made["spec"]["tfReplicaSpecs"]


@pytest.mark.parametrize("option", OPTIONS)
def test_what_an_option_leaves_open_is_named_and_explained(option: str, tmp_path: Path) -> None:
    lines = (CONF / option).read_text().splitlines()
    open_lines = [line for line in lines if "???" in line]
    assert len(NEEDED.get(option, [])) == len(open_lines)
    assert all(re.search(r": \?\?\? +# \w", line) for line in open_lines)
    if open_lines:
        with pytest.raises(errors.MissingValue) as caught:
            compose([_choice(option)], cwd=tmp_path)
        for override in NEEDED[option]:
            assert override.partition("=")[0] in str(caught.value)


@pytest.mark.parametrize("file", FILES)
def test_a_file_opens_with_what_it_is_for_and_a_command(file: str) -> None:
    first, *rest = _comment(file)
    assert re.fullmatch(r"# \w[^#]*[.:]", first)
    assert rest
    assert any(command.startswith("run") for command in _commands(file))
    assert all(len(line) <= 120 for line in (CONF / file).read_text().splitlines())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with the files that commands name."""
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "src/net.py", "models/mine.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("LAYERS = 3\n")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("file", "command"), COMMANDS, ids=lambda text: text)
def test_a_command_of_a_comment_works_as_it_stands(
    file: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unquoted = re.sub(r"'[^']*'", "", command)
    assert not re.search(r"[\[\]{}*?<>|;&$]", unquoted), "a shell would change it"
    verb, *overrides = shlex.split(command)
    assert "run" == verb
    code = main(["render", *overrides])
    shown = capsys.readouterr()
    warnings = [line for line in shown.err.splitlines() if line.startswith("warning:")]
    assert (0, len(WARNED & set(command.replace(":", "").split()))) == (code, len(warnings))
    assert "kind: TFJob\n" in shown.out
    group = file.partition("/")[0]
    assert file not in OPTIONS or any(word.lstrip("+").startswith(group) for word in overrides)


@pytest.mark.parametrize("file", FILES)
def test_no_value_means_something_else_to_other_yaml_loaders(file: str) -> None:
    words = [event for event in yaml.parse((CONF / file).read_text()) if isinstance(event, yaml.ScalarEvent)]
    assert [] == [word.value for word in words if word.style is None and YAML_11_TRAP.fullmatch(word.value)]


def test_the_defaults_are_the_quickest_real_training(tmp_path: Path) -> None:
    run = compose([], cwd=tmp_path).config
    assert (run.model.name, run.data.name) == ("digits_cnn", "digits")
    assert (run.train.steps, run.train.global_batch_size) == (600, 64)


def test_resnet50_brings_its_data_and_its_schedule(tmp_path: Path) -> None:
    run = compose(["model=resnet50"], cwd=tmp_path).config
    assert (run.model.name, run.data.name) == ("resnet50", "imagenet_synthetic")
    assert (run.train.optimizer.name.value, run.train.global_batch_size) == ("sgd", 32)


def test_a_preemptible_job_is_an_ordinary_one_otherwise(tmp_path: Path) -> None:
    needed = NEEDED["job/preemptible.yaml"]
    ordinary = compose(["job.grace_period=2m", *needed], cwd=tmp_path).config
    assert ordinary == compose(["job=preemptible", *needed], cwd=tmp_path).config


def test_volumes_of_two_options_stand_beside_each_other(tmp_path: Path) -> None:
    run = compose(["volumes=[dataset_pvc,ssd_cache]", "volumes.dataset.claim=imagenet"], cwd=tmp_path).config
    assert ["dataset", "cache"] == list(run.volumes)


@pytest.mark.parametrize("kind", ["A100-40GB", "A100-80GB", "L4", "mig-1g.10gb", "T4-shared"])
def test_the_example_site_gives_each_gpu_type_its_memory(kind: str, tmp_path: Path) -> None:
    site = compose(["site=example", f"gpus={kind}:2"], cwd=tmp_path).config.site
    assert site.gpu_types[kind].memory_mib


@pytest.mark.parametrize("model", GROUPS["model"])
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
