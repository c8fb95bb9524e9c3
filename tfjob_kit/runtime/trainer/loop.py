"""The compiled training loop: several optimizer steps in one call.

Owns one step (loss, gradients, update, random numbers) and the call around it (stop flag, inner steps,
moving statistics). Must not know checkpoints, progress lines or time. What differs between calls comes in
as tensors: Python numbers would trace the graph anew, at different times on different replicas, and mix up
their collectives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfjob_kit import errors
from tfjob_kit.config.schema import TrainConfig
from tfjob_kit.runtime.trainer import randomness
from tfjob_kit.runtime.trainer.state import TrainingState

__all__ = ["CallResult", "TrainingCall"]

_GUARD = 1024
"""Elements of the stop flag: 64 or more notice a dead peer at once, fewer by the heartbeat (6 to 11 s)."""


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """What one call did.

    Attributes:
        losses: Mean loss of the global batch at each step, `[steps] float32`; empty when replicas stop.
        stopping: A replica was asked to stop; all know it and none has trained in this call.
    """

    losses: np.ndarray
    stopping: bool


class TrainingCall:
    """Trains `steps` steps in one call; every replica calls it with the same number."""

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        *,
        state: TrainingState,
        loss: Callable[[Any, Any], Any],
        config: TrainConfig,
    ) -> None:
        self._strategy, self._state, self._loss, self._config = strategy, state, loss, config
        self._seeds = randomness.seed_variables(state.model)
        self._moving = _moving_statistics(state.model) if strategy.num_replicas_in_sync > 1 else []
        self._compiled = tf.function(self._call)

    def __call__(self, batches: Any, *, steps: int, stop: bool) -> CallResult:
        """Takes `steps` batches from the distributed iterator unless a replica was asked to stop."""
        losses, stops = self._compiled(batches, tf.constant(steps), tf.constant(float(stop)))
        stopping = float(stops) > 0
        return CallResult(losses=losses.numpy(), stopping=stopping)

    def _call(self, batches: Any, steps: tf.Tensor, stop: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        flags = self._sum(lambda flag: tf.fill([_GUARD], flag), stop)
        steps = tf.where(flags[0] > 0, 0, steps)
        losses = tf.TensorArray(tf.float32, size=steps)
        for i in tf.range(steps):
            losses = losses.write(i, self._sum(self._replica_step, next(batches), self._state.step))
            self._state.step.assign_add(1)
        if self._moving:
            self._strategy.run(self._average_moving)
        return losses.stack(), flags[0]

    def _sum(self, function: Callable[..., tf.Tensor], *arguments: Any) -> tf.Tensor:
        return self._strategy.reduce("SUM", self._strategy.run(function, args=arguments), axis=None)

    def _replica_step(self, batch: tuple[tf.Tensor, tf.Tensor], step: tf.Tensor) -> tf.Tensor:
        """This replica's part of the loss; gradients are summed over replicas inside the update."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        randomness.set_seeds(self._seeds, seed=self._config.seed, replica=replica, step=step)
        inputs, labels = batch
        model, optimizer = self._state.model, self._state.optimizer
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        with tf.GradientTape() as tape:
            loss = self._mean_loss(labels, model(inputs, training=True))
            watched: Any = optimizer.scale_loss(loss) if scaled else loss
        gradients = tape.gradient(watched, model.trainable_variables)
        if scaled:
            gradients = _agree_on_overflow(gradients)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    def _mean_loss(self, labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        each = tf.cast(self._loss(labels, outputs), tf.float32)
        if each.shape.rank != 1:
            raise errors.ModelError(
                f"the loss gives a tensor of shape {each.shape} for a batch, not one number for each example",
                where="loss",
                hint="return a keras.losses.Loss, or a function (labels, outputs) -> [batch]",
            )
        mean = tf.reduce_sum(each) / self._config.global_batch_size
        added = self._state.model.losses
        # Regularisation is the same on every replica and the sum over replicas must hold it once.
        return mean + tf.add_n(added) / self._strategy.num_replicas_in_sync if added else mean

    def _average_moving(self) -> None:
        """One all-reduce for all of them; calls end at the same steps in any run, so resume stays exact."""
        context = tf.distribute.get_replica_context()
        flat = tf.concat([tf.reshape(v.value, [-1]) for v in self._moving], axis=0)
        mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, flat)
        sizes = [int(np.prod(v.shape)) for v in self._moving]
        for variable, part in zip(self._moving, tf.split(mean, sizes), strict=True):
            variable.value.assign(tf.reshape(part, variable.shape))


def _moving_statistics(model: keras.Model) -> list[Any]:
    """Statistics of batch normalisation that differ between replicas."""
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization) and not layer.synchronized
    ]
    return [variable for layer in layers for variable in (layer.moving_mean, layer.moving_variance)]


def _agree_on_overflow(gradients: list[Any]) -> list[Any]:
    """NaN everywhere when one replica's gradients overflowed.

    Keras decides on each replica's own gradients whether to update, and an update waits for all replicas:
    they must decide alike.
    """
    finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None])
    context = tf.distribute.get_replica_context()
    bad = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(tf.logical_not(finite), tf.float32))
    return [
        None if g is None else tf.where(bad > 0, tf.constant(float("nan"), g.dtype), g) for g in gradients
    ]
