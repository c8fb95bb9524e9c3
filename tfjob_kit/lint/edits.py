"""Mechanical fixes applied to data."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

from tfjob_kit.lint.part import Path
from tfjob_kit.lint.rule import Edit, Remove, Rename, Set

__all__ = ["apply_edits", "fits"]


def apply_edits(document: Any, edits: Sequence[Edit]) -> Any:
    """A copy of the document with the edits made, in their order.

    Raises:
        LookupError, TypeError: An edit does not fit the document, e.g. since another one came before it.
    """
    changed = copy.deepcopy(document)
    for edit in edits:
        if isinstance(edit, Remove):
            del _holder(changed, edit.path)[edit.path[-1]]
        elif isinstance(edit, Rename):
            holder = _holder(changed, edit.path)
            entries = [(edit.key if key == edit.path[-1] else key, value) for key, value in holder.items()]
            holder.clear()
            holder.update(entries)
        else:
            _made(changed, edit.path)[edit.path[-1]] = copy.deepcopy(edit.value)
    return changed


def fits(document: Any, edit: Edit) -> bool:
    """Whether what is above the edit's place has the types that it takes for granted."""
    value = document
    for step in edit.path[:-1]:
        if isinstance(step, int):
            if not isinstance(value, list):
                return False
            value = cast("list[Any]", value)[step]
        elif value is None and isinstance(edit, Set):
            return True
        elif not isinstance(value, dict):
            return False
        else:
            value = cast("dict[str, Any]", value).get(step)
    return isinstance(value, list if isinstance(edit.path[-1], int) else dict) or (
        value is None and isinstance(edit, Set)
    )


def _holder(document: Any, path: Path) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def _made(document: Any, path: Path) -> Any:
    """The mapping that holds the last step; mappings that are missing, or null, are made on the way."""
    for step in path[:-1]:
        if isinstance(step, str) and document.get(step) is None:
            document[step] = {}
        document = document[step]
    return document
