"""The optimizer that the config describes.

Owns the learning rate as Keras asks for it, the choice among Keras' optimizers and the loss scale of
float16. Weight decay leaves out biases and the scales and shifts of normalisation, as is usual for image
models.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from tfjob_kit.config.schema import OptimizerName, Precision, ScheduleName, TrainConfig

__all__ = ["LearningRate", "make_optimizer"]

_NOT_DECAYED = ["bias", "gamma", "beta"]


def make_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """The optimizer, not yet built; the strategy's scope must be open."""
    wanted = config.optimizer
    rate: Any = LearningRate(
        peak=wanted.learning_rate,
        name=config.schedule.name.value,
        warmup_steps=config.schedule.warmup_steps,
        steps=config.steps,
    )
    decay = wanted.weight_decay or None
    if wanted.name is OptimizerName.sgd:
        made = keras.optimizers.SGD(rate, momentum=wanted.momentum, weight_decay=decay)
    elif wanted.name is OptimizerName.adam:
        made = keras.optimizers.Adam(rate, weight_decay=decay)
    else:
        made = keras.optimizers.AdamW(rate, weight_decay=wanted.weight_decay)
    if decay:
        made.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    if config.precision is Precision.mixed_float16:
        return keras.optimizers.LossScaleOptimizer(made)
    return made


@keras.saving.register_keras_serializable(package="tfjob_kit")
class LearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """`schedule.learning_rate_at` in TensorFlow operations."""

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
