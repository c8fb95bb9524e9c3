"""Metrics over the whole evaluation set, computed by all replicas together.

Owns the exact mean: every example counts once, padding not at all, sums are reduced over replicas. All
replicas call it at the same steps and get the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfjob_kit.runtime.data import source
from tfjob_kit.runtime.trainer import input_pipeline, order
from tfjob_kit.runtime.trainer.state import TrainingState

__all__ = ["Evaluation"]


class Evaluation:
    """Evaluates the state as it is at the moment of the call."""

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        *,
        state: TrainingState,
        loss: Callable[[Any, Any], Any],
        split: source.Split,
        global_batch: int,
    ) -> None:
        self._strategy, self._state, self._loss = strategy, state, loss
        self._steps = order.evaluation_steps(split.size, global_batch=global_batch)
        self._batches = input_pipeline.evaluation_batches(strategy, split=split, global_batch=global_batch)
        self._compiled = tf.function(self._sums)
        self._classifies = False

    def __call__(self) -> dict[str, float]:
        """`loss`, and `accuracy` where outputs are scores of classes; empty without evaluation examples."""
        if self._steps == 0:
            return {}
        loss, correct, examples = self._compiled(iter(self._batches), tf.constant(self._steps)).numpy()
        metrics = {"loss": float(loss / examples)}
        if self._classifies:
            metrics["accuracy"] = float(correct / examples)
        return metrics

    def _sums(self, batches: Any, steps: tf.Tensor) -> tf.Tensor:
        total = tf.zeros([3], tf.float64)
        for _ in tf.range(steps):
            part = self._strategy.run(self._replica_sums, args=(next(batches),))
            total += self._strategy.reduce("SUM", part, axis=None)
        return total

    def _replica_sums(self, batch: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Weighted sums of loss and of right answers, and the weights' sum: `[3] float64`."""
        inputs, labels, weights = batch
        outputs = self._state.model(inputs, training=False)
        losses = tf.cast(self._loss(labels, outputs), tf.float64)
        weights = tf.cast(weights, tf.float64)
        self._classifies = outputs.shape.rank == 2 and labels.shape.rank == 1 and labels.dtype.is_integer
        right = tf.zeros_like(weights)
        if self._classifies:
            right = tf.cast(tf.equal(tf.argmax(outputs, axis=1), tf.cast(labels, tf.int64)), tf.float64)
        return tf.stack(
            [tf.reduce_sum(losses * weights), tf.reduce_sum(right * weights), tf.reduce_sum(weights)]
        )
