"""TensorBoard's event files: the numbers of the progress lines, for curves.

Owns what is written and where: `<output>/tensorboard`. A resumed run writes another file into the same
folder, and TensorBoard shows one curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

__all__ = ["EventFiles"]

_LEFT_OUT = frozenset({"step", "total_steps", "replicas", "checkpoint_step", "eta_seconds"})
"""What is no curve."""


class EventFiles:
    """The event files below an output folder; the chief alone writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tensorboard"
        self._writer: Any = None

    def write(self, values: Mapping[str, float], step: int) -> None:
        """One point of each curve, on disk when this returns."""
        writer = self._writer or tf.summary.create_file_writer(str(self._folder))
        self._writer = writer
        with writer.as_default():
            for name, value in values.items():
                if name not in _LEFT_OUT:
                    tf.summary.write(name, tf.constant(value, tf.float32), step=step, metadata=_metadata())
        writer.flush()


def _metadata() -> Any:
    """What makes TensorBoard draw a curve; `tf.summary.scalar` needs the tensorboard package for the same."""
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    metadata.data_class = 1  # DATA_CLASS_SCALAR of TensorFlow's summary.proto
    return metadata
