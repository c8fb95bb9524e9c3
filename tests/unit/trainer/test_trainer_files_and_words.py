"""Checkpoint files, courses, failures, schedule and progress lines, without TensorFlow."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.config.schema import RunConfig, ScheduleConfig, ScheduleName, TrainConfig
from tfjob_kit.runtime.data import source
from tfjob_kit.runtime.trainer import checkpoint_files, course, failures, progress, schedule


@pytest.fixture
def files(tmp_path):
    made = checkpoint_files.CheckpointFiles(tmp_path / "checkpoints", keep=2)
    made.prepare()
    return made


def add(files, step, content=b"state"):
    def write(prefix):
        Path(prefix + ".index").write_bytes(b"index")
        Path(prefix + ".data-00000-of-00001").write_bytes(content)

    files.add(step, write=write, course={"fixed": {"train.seed": 1}})


def test_the_newest_checkpoints_are_kept(files):
    for step in (9, 10, 100):
        add(files, step)
    assert [100, 10] == [saved.step for saved in files.newest_first()]
    assert {"fixed": {"train.seed": 1}} == files.newest_first()[0].course


def test_a_checkpoint_without_its_record_is_none(files, tmp_path):
    add(files, 10)
    (tmp_path / "checkpoints" / "ckpt-20.index").write_bytes(b"index")
    assert [10] == [saved.step for saved in files.newest_first()]


@pytest.mark.parametrize(
    ("name", "content", "damage"),
    [
        ("ckpt-10.data-00000-of-00001", b"st", "ckpt-10.data-00000-of-00001 has 2 bytes, not 5"),
        ("ckpt-10.index", None, "ckpt-10.index is missing"),
        ("ckpt-10.json", b"{", "record: Expecting property name"),
    ],
)
def test_damage_is_found(files, tmp_path, name, content, damage):
    add(files, 10)
    path = tmp_path / "checkpoints" / name
    path.unlink() if content is None else path.write_bytes(content)
    found = files.newest_first()[0].damage
    assert found is not None
    assert found.startswith(damage)


def test_an_interrupted_save_leaves_the_last_one_whole(files):
    add(files, 10)

    def write(prefix):
        Path(prefix + ".index").write_bytes(b"in")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.add(20, write=write, course={})
    files.prepare()
    add(files, 30)
    assert [30, 10] == [saved.step for saved in files.newest_first()]
    assert all(saved.damage is None for saved in files.newest_first())


def test_what_decides_the_data_is_refused_and_the_rest_is_told():
    config = RunConfig()
    saved = json.loads(json.dumps(course.describe_course(config)))
    assert course.Differences(refused=(), told=()) == course.compare(saved, config)
    other = dataclasses.replace(config, train=dataclasses.replace(config.train, seed=2, steps=7))
    assert course.Differences(
        refused=("train.seed: 1 -> 2",), told=("train.steps: 1000 -> 7",)
    ) == course.compare(saved, other)


class UnavailableError(Exception):
    pass


class ResourceExhaustedError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "code", "hint"),
    [
        (UnavailableError("socket closed"), 143, "another replica went away"),
        (ResourceExhaustedError("OOM"), 1, "lower train.global_batch_size"),
        (ValueError("shapes"), 1, None),
        (errors.InvalidValue("bad", hint="so"), 2, "so"),
        (errors.ModelError("bad"), 2, None),
        (source.DataError("bad"), 4, None),
        (failures.GpuCheckError("bad"), 3, None),
        (ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow"), 1, "pip install"),
    ],
)
def test_an_exception_becomes_an_exit_code(error, code, hint):
    failed = failures.explain(error, phase="train", step=7)
    assert (code, 7) == (failed.exit_code, failed.step)
    assert failed.error.startswith(type(error).__name__ + ": ")
    assert "train" == failed.where
    assert (failed.hint or "").startswith(hint or "")


def test_an_error_is_shown_at_its_line_in_the_model_file(tmp_path):
    path = tmp_path / "mine.py"
    code = compile("def build(params):\n    return params['x']\n", str(path), "exec")
    names = {}
    exec(code, names)
    with pytest.raises(KeyError) as caught:
        names["build"]({})
    assert f"{path}:2" == failures.explain(caught.value, phase="build", model_file=path).where


def test_the_learning_rate_rises_stays_and_falls():
    constant = ScheduleConfig(name=ScheduleName.constant, warmup_steps=4)
    rates = [schedule.learning_rate_at(s, peak=1.0, config=constant, steps=100) for s in range(6)]
    assert [0.25, 0.5, 0.75, 1.0, 1.0, 1.0] == rates
    cosine = ScheduleConfig(name=ScheduleName.cosine, warmup_steps=10)
    at = {s: schedule.learning_rate_at(s, peak=2.0, config=cosine, steps=110) for s in (9, 10, 60, 110, 200)}
    assert at == pytest.approx({9: 2.0, 10: 2.0, 60: 1.0, 110: 0.0, 200: 0.0})


def test_progress_lines_come_first_last_and_when_due(capsys):
    told = progress.Progress(
        TrainConfig(steps=100, global_batch_size=8, progress_every=5), replicas=2, attempt=1, is_chief=True
    )
    for step, now in ((10, 0.0), (20, 1.0), (30, 6.0), (40, 7.0), (100, 8.0)):
        told.tell(step=step, loss=0.5, checkpoint_step=10, now=now, last=step == 100)
    lines = [contract.parse_progress(line) for line in capsys.readouterr().out.splitlines()]
    assert [10, 30, 100] == [line["step"] for line in lines]
    assert "examples_per_second" not in lines[0]
    assert (26.7, 21) == (lines[1]["examples_per_second"], lines[1]["eta_seconds"])
    assert (280, 0, 2, 1) == tuple(
        lines[2][key] for key in ("examples_per_second", "eta_seconds", "replicas", "restarts")
    )


def test_only_the_chief_prints_and_all_give_gauges(capsys):
    told = progress.Progress(TrainConfig(), replicas=2, attempt=0, is_chief=False)
    gauges = told.tell(step=10, loss=0.5, checkpoint_step=0, now=0.0)
    told.tell_metrics(step=10, metrics={"accuracy": 1.0})
    assert "" == capsys.readouterr().out
    assert 0.5 == gauges["loss"]


def test_an_unknown_parameter_of_a_source_is_named():
    with pytest.raises(errors.UnknownChoice, match="`digits` has no parameter `size`"):
        source.check_params("digits", {"size": 3}, ())


def test_variables_for_tensorflow_follow_the_config():
    from tfjob_kit.runtime import tf_environment

    assert "TF_GPU_ALLOCATOR" not in tf_environment.tensorflow_environment(RunConfig())
    memory = schema.GpuMemoryConfig(mode=schema.GpuMemoryMode.async_)
    variables = tf_environment.tensorflow_environment(RunConfig(gpu_memory=memory))
    assert "cuda_malloc_async" == variables["TF_GPU_ALLOCATOR"]
