"""Where a value came from, and how people read it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.keys import Path, format_path

_VARIABLE = re.compile(r"\$\{oc\.env:[^}]*\}?")
_LONGEST = 60  # Characters of a replaced value that people get to read.
_LONGEST_OVERRIDE = 120  # Likewise of an override; the line with the caret shows the part that matters.


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The origin of one leaf.

    Attributes:
        kind: `default` is the schema's own.
        path: File as shown to people: relative to the working directory, shipped ones as `conf/...`.
        line: Line of the key in it, from 1.
        column: Column of the key, from 1.
        number: Position of the override on the command line, from 1.
        total: Overrides on the command line.
        raw: The override as written.
        was: The value that an override replaced, as text; None where there was none.
        was_at: Where that one came from.
        written: The line of the file, for messages.
        value_column: Of the value, from 1, where it stands in the same line as the key.
        value_end: Of what follows the value, from 1; None where a whole list or dict is the value.
    """

    kind: Literal["default", "file", "override"]
    path: str | None = None
    line: int | None = None
    column: int | None = None
    number: int | None = None
    total: int | None = None
    raw: str | None = None
    was: str | None = None
    was_at: str | None = None
    written: str | None = field(default=None, compare=False, repr=False)
    value_column: int | None = field(default=None, compare=False, repr=False)
    value_end: int | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> str:
        """`default`, `conf/config.yaml:7` or `override 2 of 3`."""
        if self.kind == "file":
            return f"{self.path}:{self.line}"
        return "default" if self.kind == "default" else f"override {self.number} of {self.total}"

    @property
    def text(self) -> str:
        """For people: `override 2 of 3; was 1 at conf/model/resnet50.yaml:7`."""
        if self.was is None:
            return self.place
        before = "by default" if self.was_at == "default" else f"at {self.was_at}"
        was = self.was if len(self.was) <= _LONGEST else self.was[: _LONGEST - 3] + "..."
        return f"{self.place}; was {was} {before.replace('at override', 'in override')}"

    @property
    def where(self) -> str:
        """For errors about a key: as `place`, with the column or the text of the override."""
        if self.kind == "override":
            raw = self.raw or ""
            cut = raw if len(raw) <= _LONGEST_OVERRIDE else f"{raw[: _LONGEST_OVERRIDE - 3]}..."
            return f"{self.place}: {cut}"
        return f"{self.place}:{self.column}" if self.kind == "file" else self.place

    @property
    def where_value(self) -> str:
        """For errors about the value: as `where`, with the column of the value."""
        return f"{self.place}:{self.value_column or self.column}" if self.kind == "file" else self.where

    def under_key(self, path: Path = ()) -> str | None:
        """The line with a caret under the key; None where nothing was written.

        Args:
            path: Under its last part, where it leads into the key of an override or into its dict.
        """
        if self.raw is not None:
            return words.caret(self.raw, _key_column(self.raw, path))
        return None if self.written is None else words.caret(self.written, (self.column or 1) - 1)

    def under_value(self, part: str = "") -> str | None:
        """The line with a caret under the value; None where nothing was written.

        Args:
            part: Under this part of it, where it can be found.
        """
        line = self.written if self.raw is None else self.raw
        if line is None:
            return None
        column = (self.value_column or self.column or 1) - 1
        if self.raw is not None and self.value_column is None:
            column = _value_column(self.raw)
        return words.caret(line, max(column, line.find(part, column)))

    def with_value(self, text: str) -> str | None:
        """The override with another text in the place of this value; None where that cannot be told."""
        if self.raw is None or self.value_column is None or self.value_end is None:
            return None
        return self.raw[: self.value_column - 1] + text + self.raw[self.value_end - 1 :]

    @property
    def variable(self) -> str | None:
        """The interpolation of an environment variable that stands here; None where none does."""
        found = _VARIABLE.search(self.raw or self.written or "")
        return found[0] if found else None

    def with_text(self, old: str, new: str) -> str | None:
        """The override with another text in its value; None for a file."""
        return None if self.raw is None else self.raw.replace(old, new)

    def with_name(self, path: Path, name: str) -> str | None:
        """The override with another name in the place of the last part of `path`."""
        if self.raw is None:
            return None
        column, written = _key_column(self.raw, path), format_path(path[-1:])
        if not self.raw.startswith(written, column):
            return None
        return self.raw[:column] + name + self.raw[column + len(written) :]


DEFAULT = Source(kind="default")


def _key_column(raw: str, path: Path) -> int:
    start = len(raw) - len(raw.lstrip("+~"))
    if not path:
        return start
    key, _, value = raw.partition("=")
    at = key.find(format_path(path[-1:]), start + len(format_path(path[:-1])))
    if at >= 0:
        return at
    # The name stands in a dict: `train={lr:1}`.
    inside = re.search(rf"[{{,]\s*['\"]?({re.escape(str(path[-1]))})['\"]?\s*:", value)
    return len(key) + 1 + inside.start(1) if inside else _value_column(raw)


def _value_column(raw: str) -> int:
    equals = raw.find("=")
    if equals < 0:
        return len(raw) - len(raw.lstrip("+~"))
    value = raw[equals + 1 :]
    return equals + 1 + len(value) - len(value.lstrip())
