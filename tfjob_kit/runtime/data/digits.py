"""Handwritten digits, 8x8 pixels, 10 classes, 1,797 examples: they ship with scikit-learn.

The split is fixed (stratified, 80 % training) and does not depend on the seed, so that scores of different
runs are of the same test examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfjob_kit.runtime.data import source

__all__ = ["load"]

_EVALUATION_SHARE = 5
"""Every fifth example of each class is a test example."""


def load(params: Mapping[str, Any], seed: int) -> source.DataSource:
    """Images `[8, 8, 1] float32` in 0..1, labels int64; 1,433 to train on and 364 to test.

    Args:
        params: None are known.
        seed: Changes nothing here.
    """
    del seed
    source.check_params("digits", params, ())
    images, labels = _read()
    test = _every_nth_of_each_class(labels, _EVALUATION_SHARE)
    return source.DataSource(
        train=_split(images[~test], labels[~test]), evaluation=_split(images[test], labels[test])
    )


def _read() -> tuple[np.ndarray, np.ndarray]:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise source.DataError(
            f"data source `digits` needs scikit-learn: {error}", hint="pip install 'tfjob-kit[train]'"
        ) from error
    digits: Any = datasets.load_digits()
    return (digits.images[..., np.newaxis] / 16.0).astype(np.float32), digits.target.astype(np.int64)


def _every_nth_of_each_class(labels: np.ndarray, share: int) -> np.ndarray:
    """Boolean mask `[n]`."""
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[::share]] = True
    return chosen


def _split(images: np.ndarray, labels: np.ndarray) -> source.Split:
    def fetch(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(images, indices), tf.gather(labels, indices)

    return source.Split(size=len(labels), fetch=fetch)
