"""Stops, kills and resizes: the run goes on as if nothing had happened."""

from __future__ import annotations

import signal

import pytest

pytestmark = pytest.mark.tf

SHORT = ("model=digits_cnn", "model.params.filters=4", "train.steps=60", "train.checkpoint.every_steps=20")

# digits_cnn whose loss stands still at one call until a file appears, so that a fault meets a known step.
GATED = """
import os, pathlib, time
import keras, numpy as np, tensorflow as tf
from keras import layers

def build(params):
    images = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu")(images)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(images, layers.Dense(10)(x))

calls = 0

def gate(losses):
    global calls
    calls += 1
    folder = os.environ.get("TEST_GATE")
    if folder and calls == int(os.environ["TEST_GATE_CALL"]):
        pathlib.Path(folder, "waiting").touch()
        end = time.monotonic() + 100
        while not pathlib.Path(folder, "open").exists() and time.monotonic() < end:
            time.sleep(0.01)
    return losses

def loss(params):
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    def gated(labels, outputs):
        losses = entropy(labels, outputs)
        tf.numpy_function(gate, [tf.stop_gradient(losses)], tf.float32)
        return losses
    return gated
"""


def gated_job(new_job, name):
    job = new_job(name)
    (job.folder / "models" / "gated.py").write_text(GATED)
    return job


def gated_overrides(job):
    return ("model=digits_cnn", "model.name=gated", *SHORT[2:])


@pytest.fixture(scope="module")
def undisturbed(new_job_in_module):
    job = gated_job(new_job_in_module, "undisturbed")
    job.run(*gated_overrides(job))
    return job.state(60)


def start_gated(job, *, call):
    return job.start(*gated_overrides(job), TEST_GATE=str(job.folder), TEST_GATE_CALL=str(call))


def test_a_stopped_run_saves_at_once_and_ends_bit_for_bit_like_an_undisturbed_one(
    new_job, undisturbed, wait_for
):
    job = gated_job(new_job, "stopped")
    trainers = start_gated(job, call=33)
    wait_for((job.folder / "waiting").exists)
    trainers.signal(signal.SIGTERM, rank=1)
    (job.folder / "open").touch()

    assert [143, 143] == trainers.wait()
    assert [{"report": "Saved", "step": 40}] == [
        {k: r[k] for k in ("report", "step")} for r in trainers.reports("Saved", rank=1)[-1:]
    ]
    resumed = job.run(*gated_overrides(job))
    assert [40, 40] == [resumed.reports("Restored", rank)[0]["step"] for rank in (0, 1)]
    assert undisturbed == job.state(60)


def test_a_killed_run_ends_bit_for_bit_like_an_undisturbed_one(new_job, undisturbed, wait_for):
    job = gated_job(new_job, "killed")
    trainers = start_gated(job, call=33)
    wait_for((job.folder / "waiting").exists)
    trainers.signal(signal.SIGKILL, rank=1)
    (job.folder / "open").touch()

    assert [143, -9] == trainers.wait(), trainers.output()
    # A worker's output folder may be its pod's own and go with it: the chief's files are enough.
    assert [] == list((job.output_dir(1)).iterdir())
    resumed = job.run(*gated_overrides(job))
    assert 20 == resumed.reports("Restored", rank=1)[0]["step"]
    assert undisturbed == job.state(60)


def test_a_run_goes_on_with_fewer_replicas(new_job):
    whole, resized = new_job("whole"), new_job("resized")
    no_dropout = (*SHORT, "model.params.dropout=0.0")
    expected = whole.run(*no_dropout, replicas=1).reports("Done")[0]["metrics"]

    resized.run(*no_dropout, "train.steps=40")
    smaller = resized.run(*no_dropout, replicas=1)
    assert 40 == smaller.reports("Restored")[0]["step"]
    assert expected["loss"] == pytest.approx(smaller.reports("Done")[0]["metrics"]["loss"], rel=1e-3)


def test_a_truncated_newest_checkpoint_is_left_out_with_a_notice(new_job):
    job = new_job("truncated")
    job.run(*SHORT, replicas=1)
    newest = job.output_dir() / "checkpoints" / "ckpt-60.data-00000-of-00001"
    expected = newest.read_bytes()
    newest.write_bytes(expected[:100])

    again = job.run(*SHORT, replicas=1)
    assert 40 == again.reports("Restored")[0]["step"]
    assert "notice: checkpoint of step 60 is damaged and left out" in again.output()
    assert expected == newest.read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("train.seed=7", "train.seed: 1 -> 7"),
        ("train.global_batch_size=32", "train.global_batch_size: 64 -> 32"),
        ("model.params.filters=8", "model.params"),
    ],
)
def test_a_checkpoint_of_another_course_is_refused(new_job, change, named):
    job = new_job("changed")
    job.run(*SHORT, "train.steps=20", replicas=1)
    refused = job.start(*SHORT, change, replicas=1)
    assert [2] == refused.wait()
    failed = refused.reports("Failed")[0]
    assert failed["error"].startswith("CheckpointMismatch: checkpoint of step 20")
    assert named in failed["error"]
