"""Random numbers inside the model (dropout, augmentation) as a function of seed, layer, replica and step.

Owns the state of Keras' seed generators. Left alone they start equal on every replica, so all replicas drop
the same features, and they are not in a checkpoint, so a resumed run drops others (Keras 3.15). Set at each
step they are right and need no saving.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

__all__ = ["seed_variables", "set_seeds"]

_DRAWS_PER_STEP = 1000
"""A generator counts its draws upwards; steps stay apart when a layer draws less often than this per step."""
_LAYER_STRIDE = 7919
"""Replicas of one layer are neighbours; layers stay apart up to so many replicas."""


def seed_variables(model: keras.Model) -> list[Any]:
    """States of the model's seed generators, in the order of its variables."""
    return [variable for variable in model.variables if "seed_generator" in variable.path]


def set_seeds(seeds: list[Any], *, seed: int, replica: Any, step: Any) -> None:
    """Called in a replica's context at the start of a step."""
    for layer, variable in enumerate(seeds):
        base = (seed * 1_000_003 + layer * _LAYER_STRIDE) % 2**31
        first = tf.cast(replica, tf.int64) + base
        state = tf.stack([first, tf.cast(step, tf.int64) * _DRAWS_PER_STEP % 2**31])
        variable.value.assign(tf.cast(state, variable.dtype))
