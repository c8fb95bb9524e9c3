"""The trained model as one file that needs nothing of ours: `model.keras` in the output folder.

Owns writing it whole or not at all. The chief alone calls it; saving a Keras model is no collective.
"""

from __future__ import annotations

from pathlib import Path

import keras

__all__ = ["export_model"]


def export_model(model: keras.Model, *, folder: Path) -> Path:
    """Writes `model.keras` (architecture and weights, no optimizer state) and returns its path."""
    final = folder / "model.keras"
    scratch = folder / ".saving.keras"
    model.save(scratch)
    scratch.replace(final)
    return final
