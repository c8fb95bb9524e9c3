"""Images of ImageNet's shape and number, made from seed and index: no files, the same on each machine.

An image is a coarse pattern of its class plus noise of its own, so a model can learn the labels and the loss
falls. Nothing is held in memory: an example is made when its index is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfjob_kit import errors
from tfjob_kit.runtime.data import source

__all__ = ["load"]

_DEFAULTS = {"image_size": 224, "classes": 1000, "examples": 1_281_167, "evaluation_examples": 128}
_PATTERN = 7
"""Cells of a class pattern in each direction; a ResNet's last feature map has as many."""
_EVALUATION_OFFSET = 1 << 40
"""Evaluation examples are made from indices that training never reaches."""
_LABEL_STREAM, _PATTERN_STREAM, _NOISE_STREAM = 1, 2, 3


def load(params: Mapping[str, Any], seed: int) -> source.DataSource:
    """Images `[image_size, image_size, 3] float32` of about unit variance, labels int64.

    Args:
        params: `image_size` pixels, `classes`, `examples` of an epoch, `evaluation_examples`.
        seed: Of patterns, labels and noise.
    """
    source.check_params("imagenet_synthetic", params, _DEFAULTS)
    values = {key: _positive(key, params.get(key, default)) for key, default in _DEFAULTS.items()}

    def split(size: int, offset: int) -> source.Split:
        def fetch(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            keys = tf.cast(indices, tf.int64) + offset
            labels = tf.map_fn(lambda key: _label(key, seed, values["classes"]), keys)
            return tf.map_fn(
                lambda pair: _image(pair[0], pair[1], seed, values["image_size"]),
                (keys, labels),
                fn_output_signature=tf.TensorSpec((values["image_size"],) * 2 + (3,), tf.float32),
            ), labels

        return source.Split(size=size, fetch=fetch)

    return source.DataSource(
        train=split(values["examples"], 0),
        evaluation=split(values["evaluation_examples"], _EVALUATION_OFFSET),
    )


def _positive(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise errors.InvalidValue(
            f"data.params.{key} is {value!r}, not a positive whole number", where=f"data.params.{key}"
        )
    return value


def _stream(key: tf.Tensor | int, seed: int, stream: int) -> tf.Tensor:
    """A seed of TensorFlow's stateless random operations; `[2] int64`."""
    return tf.stack([tf.constant(seed * 8 + stream, tf.int64), tf.cast(key, tf.int64)])


def _label(key: tf.Tensor, seed: int, classes: int) -> tf.Tensor:
    return tf.random.stateless_uniform((), _stream(key, seed, _LABEL_STREAM), maxval=classes, dtype=tf.int64)


def _image(key: tf.Tensor, label: tf.Tensor, seed: int, image_size: int) -> tf.Tensor:
    pattern = tf.random.stateless_normal((_PATTERN, _PATTERN, 3), _stream(label, seed, _PATTERN_STREAM))
    large = tf.image.resize(pattern, (image_size, image_size), method="nearest")
    # Uniform noise costs a third of normal noise.
    noise = tf.random.stateless_uniform(
        (image_size, image_size, 3), _stream(key, seed, _NOISE_STREAM), -1.0, 1.0
    )
    return large + noise
