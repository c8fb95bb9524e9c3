"""The types and fields that the lint knows are those of the operator's CRD."""

from __future__ import annotations

import runpy
from pathlib import Path

from tfjob_kit.lint import crd

ROOT = Path(__file__).parents[2]


def test_the_shape_of_the_crd_is_current(operator_crd: Path) -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "crd_shape.py"))["text"](operator_crd)
    assert made == Path(crd.__file__).with_name("crd.json").read_text(), "run scripts/crd_shape.py"
