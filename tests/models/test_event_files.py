"""TensorBoard's event files as TensorFlow reads them back."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.tf


def test_each_line_of_progress_is_a_point_of_each_curve(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow", reason="needs the [train] extra: pip install 'tfjob-kit[train]'")
    from tfjob_kit.runtime.trainer.event_files import EventFiles

    files = EventFiles(tmp_path)
    files.write({"step": 10, "loss": 0.5, "learning_rate": 0.25, "total_steps": 100}, 10)
    files.write({"step": 20, "loss": 0.25, "learning_rate": 0.25, "total_steps": 100}, 20)

    (file,) = (tmp_path / "tensorboard").iterdir()
    points = [
        (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    ]
    assert [(10, "loss", 0.5), (10, "learning_rate", 0.25)] == points[:2]
    assert [(20, "loss", 0.25), (20, "learning_rate", 0.25)] == points[2:]
