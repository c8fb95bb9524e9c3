"""What training changes: model, optimizer, step.

Owns building them and reading and writing them as arrays of this process. All of a run's state is here: the
data order and the random numbers of a step are functions of seed and step (`order`, `randomness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfjob_kit.config.schema import RunConfig
from tfjob_kit.runtime.trainer import model_file, optimizer, randomness

__all__ = ["TrainingState", "build_state"]


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Model, optimizer and the number of finished steps, mirrored on all replicas."""

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    step: tf.Variable

    def arrays(self) -> list[np.ndarray]:
        """Copies of every variable that training changes, as this process holds them."""
        return [_local(variable).numpy() for variable in self._variables()]

    def assign(self, arrays: Sequence[np.ndarray]) -> None:
        """Writes what `arrays` gave; on all devices of this process."""
        for variable, array in zip(self._variables(), arrays, strict=True):
            variable.assign(array)

    def _variables(self) -> list[Any]:
        seeds = {id(variable) for variable in randomness.seed_variables(self.model)}
        kept = [v for v in self.model.variables if id(v) not in seeds]
        return [self.step, *kept, *self.optimizer.variables]


def build_state(
    strategy: tf.distribute.Strategy, *, file: model_file.ModelFile, config: RunConfig
) -> TrainingState:
    """Fresh state; the same weights on every replica, drawn from the seed."""
    keras.utils.set_random_seed(config.train.seed % 2**32)
    keras.mixed_precision.set_global_policy(config.train.precision.value)
    with strategy.scope():
        model = file.make_model(config.model.params)
        made = optimizer.make_optimizer(config.train)
        made.build(model.trainable_variables)
        step = tf.Variable(
            tf.constant(0, tf.int64),
            trainable=False,
            name="step",
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
    return TrainingState(model=model, optimizer=made, step=step)


def _local(variable: Any) -> Any:
    """The first device's copy of a Keras or mirrored variable."""
    raw = getattr(variable, "value", variable) if isinstance(variable, keras.Variable) else variable
    copies = getattr(raw, "values", None)
    return copies[0] if copies else raw
