"""Where a value came from, and how people read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_LONGEST = 60  # Characters of a replaced value that people get to read.


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
        """For errors: as `place`, with the column or the text of the override."""
        if self.kind == "override":
            return f"{self.place}: {self.raw}"
        return f"{self.place}:{self.column}" if self.kind == "file" else self.place


DEFAULT = Source(kind="default")
