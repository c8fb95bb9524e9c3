"""Data order and GPU memory settings, as TensorFlow has them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.tf


def test_each_epoch_is_a_permutation_of_its_own(run_python):
    code = """
import tensorflow as tf
from tfjob_kit.runtime.trainer import input_pipeline
for size in (1, 2, 7, 64, 1433):
    epochs = [
        input_pipeline.shuffled(tf.range(e * size, (e + 1) * size, dtype=tf.int64), size=size, seed=3)
        .numpy().tolist() for e in range(3)
    ]
    assert all(sorted(epoch) == list(range(size)) for epoch in epochs), size
    assert size < 8 or len({tuple(epoch) for epoch in epochs}) == 3, size
print("fine")
"""
    assert run_python(code).endswith("fine\n")


def test_a_synthetic_image_depends_on_its_index_alone(run_python):
    code = """
import numpy as np
import tensorflow as tf
from tfjob_kit.runtime.data import imagenet_synthetic
params = {"image_size": 32, "classes": 5, "examples": 100}
split = imagenet_synthetic.load(params, 1).train
fetch = tf.function(split.fetch)
images, labels = fetch(tf.constant([4, 9, 4], tf.int64))
alone, label = fetch(tf.constant([9], tf.int64))
eagerly, _ = split.fetch(tf.constant([9], tf.int64))
assert np.allclose(eagerly, alone, atol=1e-5)
assert images.shape == (3, 32, 32, 3) and images.dtype == tf.float32
assert np.array_equal(images[1], alone[0]) and np.array_equal(images[0], images[2])
assert label[0] == labels[1] and not np.array_equal(images[0], images[1])
other, _ = imagenet_synthetic.load(params, 2).train.fetch(tf.constant([9], tf.int64))
assert not np.array_equal(other[0], alone[0])
print("fine")
"""
    assert run_python(code).endswith("fine\n")


FAKE_GPUS = """
import os
from tensorflow.python.eager import context
from tfjob_kit.config.schema import GpuMemoryConfig, GpuMemoryMode
from tfjob_kit.runtime.trainer import gpu_totals, memory
ctx = context.context()
ctx._initialize_physical_devices()
gpus = [context.PhysicalDevice("/physical_device:GPU:%d" % i, "GPU") for i in range(2)]
ctx._physical_devices += gpus
ctx._visible_device_list += gpus
for gpu in gpus:
    ctx._memory_growth_map[gpu] = None
plan = memory.plan_memory(
    GpuMemoryConfig({settings}), gpus=2, totals=gpu_totals.GpuTotals(mib=(81559, 40960)), environ=os.environ
)
memory.apply_memory(plan, gpus=gpus)
print("RESULT", " ".join(str(ctx._compute_gpu_options()).split()))
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("mode=GpuMemoryMode.exclusive", []),
        ("mode=GpuMemoryMode.growth", ["allow_growth: true"]),
        (
            "mode=GpuMemoryMode.fraction, fraction=0.5",
            ["memory_limit_mb: 40779", "memory_limit_mb: 20480"],
        ),
        (
            "mode=GpuMemoryMode.limit, limit_mib=8192",
            ["memory_limit_mb: 8192", "memory_limit_mb: 8192"],
        ),
    ],
)
def test_memory_settings_reach_tensorflow(run_python, settings, expected):
    printed = run_python(FAKE_GPUS.replace("{settings}", settings))
    options = printed[printed.index("RESULT") :]
    assert all(part in options for part in expected), options
    assert sum("memory_limit" in part for part in expected) == options.count("memory_limit_mb")
    assert ("allow_growth: true" in options) == ("allow_growth: true" in expected)


def test_the_learning_rate_of_the_optimizer_is_that_of_the_progress_lines(run_python):
    code = """
import math
from tfjob_kit.config.schema import ScheduleConfig, ScheduleName
from tfjob_kit.runtime.trainer import optimizer, schedule
for name in ScheduleName:
    for warmup in (0, 10):
        config = ScheduleConfig(name=name, warmup_steps=warmup)
        rate = optimizer.LearningRate(peak=0.4, name=name.value, warmup_steps=warmup, steps=100)
        for step in (0, 5, 9, 10, 50, 99, 100):
            expected = schedule.learning_rate_at(step, peak=0.4, config=config, steps=100)
            assert math.isclose(float(rate(step)), expected, rel_tol=1e-5, abs_tol=1e-7), (name, warmup, step)
print("fine")
"""
    assert run_python(code).endswith("fine\n")
