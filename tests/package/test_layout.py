"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "tfjob_kit").rglob("*.py"))
MODELS = sorted((ROOT / "models").glob("*.py"))


def _imports(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    names = {
        name
        for node in tree
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_file_imports_nothing_of_ours(path: Path) -> None:
    assert _imports(path) <= {*sys.stdlib_module_names, "keras", "numpy", "tensorflow"}


def test_no_module_is_longer_than_400_lines() -> None:
    assert [] == [str(path) for path in MODULES if len(path.read_text().splitlines()) > 400]


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils.py", "util.py", "common.py", "base.py", "helpers.py", "misc.py"}

    assert [] == [str(path) for path in MODULES if path.name in drawers]
