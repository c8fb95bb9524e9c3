"""What a trainer does from start to end, with the shipped models and with broken ones."""

from __future__ import annotations

import math

import pytest

from tfjob_kit import contract

pytestmark = pytest.mark.tf

TINY_RESNET = (
    "model=resnet50",
    "model.params={classes: 4, image_size: 32, width: 4, blocks: [1, 1], synchronized_batch_norm: true}",
    "data.params={classes: 4, image_size: 32, examples: 64, evaluation_examples: 10}",
    "train.global_batch_size=8",
    "train.inner_steps=1",
)


def test_digits_are_learned_by_two_replicas(new_job):
    trainers = new_job("digits").run("model=digits_cnn")
    done = trainers.reports("Done")[0]
    assert 600 == done["step"]
    assert done["metrics"]["accuracy"] >= 0.97
    progress = [p for p in map(contract.parse_progress, trainers.output().splitlines()) if p]
    assert 600 == progress[-1]["step"]
    assert done["metrics"]["accuracy"] == pytest.approx(progress[-1]["eval_accuracy"], rel=1e-5)
    assert "2 replicas, 1 CPU each" in trainers.output()
    assert "" == "".join(line for line in trainers.output(1).splitlines() if line.startswith("[progress]"))


def test_two_replicas_train_like_one(new_job):
    overrides = ("model=digits_cnn", "model.params={filters: 4, dropout: 0.0}", "train.steps=40")
    one = new_job("one").run(*overrides, replicas=1)
    two = new_job("two").run(*overrides, replicas=2)
    losses = [[step["values"]["loss"] for step in job.reports("Stepped")] for job in (one, two)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert one.reports("Done")[0]["metrics"] == pytest.approx(two.reports("Done")[0]["metrics"], rel=1e-3)


def test_a_tiny_resnet_trains_saves_and_goes_on(new_job):
    job = new_job("resnet")
    first = job.run(*TINY_RESNET, "train.steps=2")
    assert all(math.isfinite(step["values"]["loss"]) for step in first.reports("Stepped"))
    assert (job.output_dir() / "model.keras").is_file()
    second = job.run(*TINY_RESNET, "train.steps=4")
    assert [2, 2] == [second.reports("Restored", rank)[0]["step"] for rank in (0, 1)]
    assert [3, 4] == [step["step"] for step in second.reports("Stepped")]


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_saves_and_goes_on(new_job, precision):
    job = new_job(precision)
    short = ("model=digits_cnn", f"train.precision={precision}", "train.inner_steps=5")
    job.run(*short, "train.steps=5")
    done = job.run(*short, "train.steps=10").reports("Done")[0]
    assert math.isfinite(done["metrics"]["loss"])


def test_a_loss_that_is_not_a_number_ends_the_run_with_its_step(new_job):
    trainers = new_job("nan").start("model=digits_cnn", "train.optimizer.learning_rate=1e38", replicas=1)
    assert [1] == trainers.wait()
    failed = trainers.reports("Failed")[0]
    assert failed["error"].startswith("NotFinite: the loss is ")
    assert f"at step {failed['step']}" in failed["error"]
    assert 1 <= failed["step"] <= 10


@pytest.mark.parametrize(
    ("text", "error", "where"),
    [
        ("def make(params): pass\n", "no function `build`", "broken.py"),
        ("def build(): pass\n", "`build` must take one argument", "broken.py"),
        ("def build(params):\n    return 3\n", "build returned int, not a keras.Model", "broken.py"),
        ("def build(params):\n    return 1 / 0\n", "ZeroDivisionError: division by zero", "broken.py:2"),
        ("def build(params:\n", "'(' was never closed", "broken.py:1"),
    ],
)
def test_a_broken_model_file_is_named(new_job, text, error, where):
    job = new_job("broken")
    (job.folder / "models" / "broken.py").write_text(text)
    trainers = job.start("model=digits_cnn", "model.name=broken", replicas=1)
    assert trainers.wait() in ([1], [2])
    failed = trainers.reports("Failed")[0]
    assert error in failed["error"]
    assert failed["where"].endswith(where)


def test_a_replica_without_its_gpu_ends(new_job):
    trainers = new_job("gpu").start("model=digits_cnn", replicas=1, gpus=1)
    assert [3] == trainers.wait()
    assert "this replica was given 1 GPU and TensorFlow sees 0" in trainers.reports("Failed")[0]["error"]


def test_resnet50_has_the_parameters_of_resnet50(run_python):
    from tfjob_kit import bundled

    code = f"""
import runpy
build = runpy.run_path({str(bundled.bundled_dir("models") / "resnet50.py")!r})["build"]
model = build({{}})
print(sum(int(v.value.shape.num_elements()) for v in model.trainable_variables), model.output_shape)
"""
    assert "25557032 (None, 1000)\n" == run_python(code)[-22:]
