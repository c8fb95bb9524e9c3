"""One edit as a replacement in a text of YAML or JSON; all around it stays, comments and layout included.

Owns where keys and items begin and end. A change that it cannot write down, e.g. into an alias, is refused,
and `rewriting` checks each text that comes out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from tfjob_kit.lint.files import nodes
from tfjob_kit.lint.part import Path
from tfjob_kit.lint.rule import Edit, Remove, Rename

__all__ = ["CannotWrite", "Splice", "TextEditor"]

_STEP = 2
"""Blanks by which a new mapping is indented below its key."""
_WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_READ_OTHERWISE = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


class CannotWrite(Exception):
    """The text does not let the edit be written into it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Splice:
    """Characters `start` to `end` of the text replaced."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A value with what holds it: key and index in its parent, the parent's place."""

    node: Any
    key: Any
    parent: _Place | None
    step: str | int | None


class TextEditor:
    """Edits of one document in a text.

    Args:
        text: The whole text.
        node: The document in it.
    """

    def __init__(self, text: str, node: Any) -> None:
        self._text = text
        self._root = _Place(node, None, None, None)
        self._has_crlf = "\r\n" in text
        self._is_json = text.lstrip()[:1] in {"{", "["}

    def splice(self, edit: Edit) -> Splice:
        """The edit as a replacement.

        Raises:
            CannotWrite: There is no place for it.
        """
        made = self._splice(edit)
        if not self._has_crlf:
            return made
        return replace(made, new=made.new.replace("\n", "\r\n"))

    def _splice(self, edit: Edit) -> Splice:
        if isinstance(edit, Remove):
            return self._remove(self._find(edit.path))
        if isinstance(edit, Rename):
            key = self._find(edit.path).key
            if key is None:
                raise CannotWrite
            return Splice(start=key.start_mark.index, end=key.end_mark.index, new=self._written(edit.key))
        return self._set(edit.path, edit.value)

    # --- finding ---------------------------------------------------------------------------------

    def _find(self, path: Path) -> _Place:
        place, rest = self._nearest(path)
        if rest:
            raise CannotWrite
        return place

    def _nearest(self, path: Path) -> tuple[_Place, Path]:
        """The deepest place on the path that is there, and the steps that are missing below it."""
        place = self._root
        for number, step in enumerate(path):
            node = place.node
            if node.id == "mapping" and isinstance(step, str):
                entry = nodes.index(node).get(step)
                if entry is None:
                    return place, path[number:]
                place = _Place(entry[1], entry[0], place, step)
            elif node.id == "sequence" and isinstance(step, int) and step < len(node.value):
                place = _Place(node.value[step], None, place, step)
            else:
                return place, path[number:]
        return place, ()

    # --- setting ---------------------------------------------------------------------------------

    def _set(self, path: Path, value: Any) -> Splice:
        place, rest = self._nearest(path)
        if not all(isinstance(step, str) for step in rest):
            raise CannotWrite
        names = [str(step) for step in rest]
        node = place.node
        if not rest or node.id == "scalar":
            return self._replace_scalar(place, names, value)
        if node.id != "mapping":
            raise CannotWrite
        if node.flow_style or not node.value:
            return self._into_flow(place, names, value)
        # A value may stand in its key's line: what is new goes below the last line of the last value.
        column = node.value[0][0].start_mark.column
        at = self._line_end(_end_index(node))
        return Splice(start=at, end=at, new="\n" + self._block(names, value, column))

    def _replace_scalar(self, place: _Place, names: Sequence[str], value: Any) -> Splice:
        node = place.node
        if node.id != "scalar" or node.style in {"|", ">"}:
            raise CannotWrite
        start, end = node.start_mark.index, node.end_mark.index
        for name in reversed(names):
            value = {name: value}
        if start < end:
            return Splice(start=start, end=end, new=self._inline(value))
        if place.key is None:
            raise CannotWrite
        # Nothing stands behind the colon.
        colon = self._text.index(":", place.key.end_mark.index) + 1
        if isinstance(value, dict) and not self._is_in_flow(place):
            at = self._line_end(colon)
            column = place.key.start_mark.column + _STEP
            return Splice(start=at, end=at, new="\n" + self._block(names, _innermost(value, names), column))
        return Splice(start=colon, end=colon, new=f" {self._inline(value)}")

    def _into_flow(self, place: _Place, names: Sequence[str], value: Any) -> Splice:
        node = place.node
        if not node.value and place.key is not None and not self._is_in_flow(place.parent):
            colon = self._text.index(":", place.key.end_mark.index) + 1
            column = place.key.start_mark.column + _STEP
            return Splice(start=colon, end=node.end_mark.index, new="\n" + self._block(names, value, column))
        for name in reversed(names[1:]):
            value = {name: value}
        pair = f"{self._written(names[0])}: {self._inline(value)}"
        if not node.value:
            start, end = node.start_mark.index, node.end_mark.index
            return Splice(start=start, end=end, new=f"{{{pair}}}")
        last_key, last = node.value[-1]
        at = _end_index(last)
        own_line = node.start_mark.line != last_key.start_mark.line
        gap = "\n" + " " * last_key.start_mark.column if own_line else " "
        return Splice(start=at, end=at, new=f",{gap}{pair}")

    def _block(self, names: Sequence[str], value: Any, column: int) -> str:
        """The nested keys as lines, the last without its newline."""
        lines = [
            " " * (column + depth * _STEP) + self._written(name) + ":" for depth, name in enumerate(names)
        ]
        return "\n".join(lines) + f" {self._inline(value)}"

    def _inline(self, value: Any) -> str:
        if isinstance(value, dict):
            entries = cast("dict[str, Any]", value).items()
            pairs = (f"{self._written(key)}: {self._inline(each)}" for key, each in entries)
            return "{" + ", ".join(pairs) + "}"
        return self._written(value) if isinstance(value, str) else json.dumps(value)

    def _written(self, text: str) -> str:
        is_plain = _WORD.fullmatch(text) and text.lower() not in _READ_OTHERWISE and not self._is_json
        return text if is_plain else json.dumps(text, ensure_ascii=False)

    # --- removing --------------------------------------------------------------------------------

    def _remove(self, place: _Place) -> Splice:
        parent = place.parent
        if parent is None:
            raise CannotWrite
        parts = _parts(parent.node)
        if len(parts) == 1:
            # An empty list or mapping says nothing, so the key above it goes too; what must be there stays.
            if parent.key is not None and parent.step in {"env", "labels", "annotations", "metadata", "args"}:
                return self._remove(parent)
            return self._emptied(parent)
        number = next(i for i, (_, value) in enumerate(parts) if value is place.node)
        start, end = parts[number][0].start_mark, _end_index(parts[number][1])
        if parent.node.flow_style:
            if number:
                return Splice(start=_end_index(parts[number - 1][1]), end=end, new="")
            return Splice(start=start.index, end=parts[1][0].start_mark.index, new="")
        line = self._line_start(start.index)
        before = self._text[line : start.index]
        if before.strip() and parent.node.id == "mapping":
            # The first key in the line of its dash: the next one moves up.
            if number or number + 1 >= len(parts):
                raise CannotWrite
            return Splice(start=start.index, end=parts[1][0].start_mark.index, new="")
        if before.strip() not in {"", "-"}:
            raise CannotWrite
        return Splice(start=line, end=self._next_line(end), new="")

    def _emptied(self, parent: _Place) -> Splice:
        if parent.key is None:
            raise CannotWrite
        empty = "{}" if parent.node.id == "mapping" else "[]"
        colon = self._text.index(":", parent.key.end_mark.index) + 1
        return Splice(start=colon, end=_end_index(parent.node), new=f" {empty}")

    # --- lines -----------------------------------------------------------------------------------

    def _line_start(self, index: int) -> int:
        return self._text.rfind("\n", 0, index) + 1

    def _next_line(self, index: int) -> int:
        found = self._text.find("\n", index)
        return len(self._text) if found < 0 else found + 1

    def _line_end(self, index: int) -> int:
        """Of the line break that ends the line; of the text's end where there is none."""
        found = self._text.find("\n", index)
        end = len(self._text) if found < 0 else found
        return end - 1 if end > index and self._text[end - 1] == "\r" else end

    def _is_in_flow(self, place: _Place | None) -> bool:
        while place is not None:
            if place.node.id != "scalar" and place.node.flow_style:
                return True
            place = place.parent
        return False


def _innermost(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        value = value[name]
    return value


def _parts(node: Any) -> list[tuple[Any, Any]]:
    """Where each entry begins, and its value: key and value of a mapping, the item of a list twice."""
    return list(node.value) if node.id == "mapping" else [(item, item) for item in node.value]


def _end_index(node: Any) -> int:
    """Behind the last character of the node; blank lines and comments below a block are not part of it."""
    if node.id == "scalar":
        if node.style in {"|", ">"}:
            return _block_end(node)
        return node.end_mark.index
    if node.flow_style or not node.value:
        return node.end_mark.index
    key, value = _parts(node)[-1]
    return _end_index(value) if key is value else max(_end_index(value), key.end_mark.index)


def _block_end(node: Any) -> int:
    """Of a block of text: the end of its last line, whose line break belongs to the next line."""
    return max(node.start_mark.index, node.end_mark.index - (1 if node.end_mark.column == 0 else 0))
