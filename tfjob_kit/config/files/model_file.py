"""A model's file: `models/<name>.py`, found and checked without importing it.

Owns the folders and what the file must define. The runtime imports the file; the launcher never does.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tfjob_kit import bundled, errors
from tfjob_kit.config.files.search_path import show_path
from tfjob_kit.config.grammar import words
from tfjob_kit.config.nearest import choices, nearest

SIGNATURE = "def build(params): ...  # returns a keras.Model"


def find_model(name: str, *, conf_dir: Path | None, cwd: Path) -> Path:
    """The file of a model, checked to define `build` with a parameter.

    Args:
        name: `model.name`.
        conf_dir: `--conf-dir`, whose sibling `models/` comes first.
        cwd: The working directory, whose `models/` comes next.

    Raises:
        ModelError: No such file, no Python, or no `build(params)` in it.
    """
    folders = bundled.model_dirs(cwd, conf_dir=conf_dir)
    files: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.py")):
            files.setdefault(path.stem, path)
    if name not in files:
        _fail_absent(name, sorted(files), [show_path(folder, cwd=cwd) for folder in folders])
    _check(files[name], shown=show_path(files[name], cwd=cwd))
    return files[name]


def _fail_absent(name: str, names: list[str], folders: list[str]) -> None:
    close = nearest(name, names)
    searched = ", ".join(folders) or "models"
    known = (
        f"models: {choices(names, close=close)}"
        if names
        else f"write {folders[0] if folders else 'models'}/NAME.py"
    )
    raise errors.ModelError(
        f"no model file {words.shown(name + '.py')}" if name else "no model is chosen",
        nearest=close,
        where="model.name",
        hint=f"{known} (searched: {searched})",
    )


def _check(path: Path, *, shown: str) -> None:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, OSError) as error:
        line = getattr(error, "lineno", None)
        reason = getattr(error, "msg", None) or getattr(error, "strerror", None) or str(error)
        raise errors.ModelError(
            f"the model file is no valid Python: {reason}", where=f"{shown}:{line}" if line else shown
        ) from error
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if "build" not in found:
        raise errors.ModelError("the model file defines no `build`", where=shown, hint=SIGNATURE)
    arguments = found["build"].args
    if not arguments.posonlyargs + arguments.args and arguments.vararg is None:
        raise errors.ModelError(
            "`build` takes no parameters", where=f"{shown}:{found['build'].lineno}", hint=SIGNATURE
        )
