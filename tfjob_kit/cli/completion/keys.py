"""The keys of the config, as read from `keys.json`.

The file is made from the schema (`making`), whose dataclasses take 60 ms to come into being: longer than
everything else together that Tab waits for.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FILE", "Place", "find_place"]

FILE = Path(__file__).parent / "keys.json"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place of the config.

    Attributes:
        about: One line, with the unit.
        values: What may stand there, where these are few.
        is_size: Whether it is a number of GPUs, maybe with their type.
        is_optional: Whether null is a value.
        items: What stands below each name of the user's own; None where names are not free.
        below: Keys of a section, as the file has them.
    """

    about: str = ""
    values: tuple[str, ...] = ()
    is_size: bool = False
    is_optional: bool = False
    items: dict[str, Any] | None = None
    below: dict[str, dict[str, Any]]

    @property
    def is_section(self) -> bool:
        """Whether keys stand below it."""
        return bool(self.below) or self.items is not None

    def at(self, name: str) -> Place | None:
        """The place of that name; None where the schema has none."""
        found = self.below.get(name) if self.items is None else self.items
        return None if found is None else _make_place(found)


def find_place(path: Sequence[str]) -> Place | None:
    """The place at a path; the empty path is the config itself."""
    place: Place | None = _make_place(_root())
    for name in path:
        place = None if place is None else place.at(name)
    return place


def _make_place(found: dict[str, Any]) -> Place:
    return Place(
        about=found.get("about", ""),
        values=tuple(found.get("values", ())),
        is_size=found.get("is_size", False),
        is_optional=found.get("is_optional", False),
        items=found.get("items"),
        below=found.get("below", {}),
    )


@functools.cache
def _root() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))
