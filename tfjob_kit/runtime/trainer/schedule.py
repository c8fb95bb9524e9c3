"""The learning rate as a function of the step.

Owns the shapes. Counts the optimizer's own updates, which are in the checkpoint, so a resumed run goes on where it
was.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from tfjob_kit.config.schema import ScheduleConfig, ScheduleName

__all__ = ["LearningRate", "learning_rate_at"]


def learning_rate_at(step: int, *, peak: float, config: ScheduleConfig, steps: int) -> float:
    """The rate of the update number `step`, counted from 0.

    A linear rise to `peak` over `warmup_steps` updates, then constant, or half a cosine down to 0 at `steps`.
    """
    if step < config.warmup_steps:
        return peak * (step + 1) / config.warmup_steps
    if config.name is ScheduleName.constant:
        return peak
    share = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    return peak * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))


@keras.saving.register_keras_serializable(package="tfjob_kit")
class LearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """`learning_rate_at` in TensorFlow operations."""

    def __init__(self, *, peak: float, name: str, warmup_steps: int, steps: int) -> None:
        self.peak, self.name, self.warmup_steps, self.steps = peak, name, warmup_steps, steps

    def __call__(self, step: Any) -> tf.Tensor:
        """The rate of update number `step`; a float32 scalar."""
        done = tf.cast(step, tf.float32)
        rising = self.peak * (done + 1.0) / max(1, self.warmup_steps)
        share = (done - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        falling = self.peak * 0.5 * (1.0 + tf.cos(math.pi * tf.minimum(1.0, share)))
        after = falling if self.name == ScheduleName.cosine.value else tf.constant(self.peak, tf.float32)
        return tf.where(done < self.warmup_steps, rising, after)

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {"peak": self.peak, "name": self.name, "warmup_steps": self.warmup_steps, "steps": self.steps}
