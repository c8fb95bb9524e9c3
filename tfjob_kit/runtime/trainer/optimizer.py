"""The optimizer that the config describes.

Owns the choice among Keras' optimizers and the loss scale of float16. Weight decay leaves out biases and the
scales and shifts of normalisation, as is usual for image models.
"""

from __future__ import annotations

import keras

from tfjob_kit.config.schema import OptimizerName, Precision, TrainConfig
from tfjob_kit.runtime.trainer import schedule

__all__ = ["make_optimizer"]

_NOT_DECAYED = ["bias", "gamma", "beta"]


def make_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """The optimizer, not yet built; the strategy's scope must be open."""
    wanted = config.optimizer
    rate = schedule.LearningRate(
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
