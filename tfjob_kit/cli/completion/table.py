"""Verbs, their arguments and flags, as read from `verbs.json`.

The file is made from the program itself (`making`), so that nothing is written down twice.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FILE", "Flag", "Verb", "find_verb", "verbs_below"]

FILE = Path(__file__).parent / "verbs.json"


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One flag.

    Attributes:
        names: `-o`, `--output`; the long one last.
        kind: Of its value: `context`, `namespace`, `job`, `file`, `dir`, `choice`, or `text` that nobody
            knows; empty for a flag without one.
        choices: Of a `choice`.
        repeats: Whether it may be given twice.
    """

    names: tuple[str, ...]
    about: str
    kind: str = ""
    choices: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def name(self) -> str:
        """The long form."""
        return self.names[-1]


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb, or a group of them.

    Attributes:
        path: `config show`; empty for the program itself.
        arguments: Kinds of each argument in order, several where either may stand: `job`, `override`,
            `key`, `file`, `dir`, `group`, `choice`, `text`.
        choices: Of a `choice`.
        repeats: Whether the last argument may be given several times.
        is_group: Whether verbs stand below it.
    """

    path: str
    about: str
    arguments: tuple[tuple[str, ...], ...] = ()
    choices: tuple[str, ...] = ()
    repeats: bool = False
    flags: tuple[Flag, ...] = ()
    is_group: bool = False

    @property
    def name(self) -> str:
        """Its last word."""
        return self.path.rpartition(" ")[2]

    def argument(self, number: int) -> tuple[str, ...]:
        """The kinds of the argument at this place; empty where none can stand."""
        if number < len(self.arguments):
            return self.arguments[number]
        return self.arguments[-1] if self.repeats and self.arguments else ()

    def flag(self, name: str) -> Flag | None:
        """The flag of that name."""
        return next((flag for flag in self.flags if name in flag.names), None)


def find_verb(path: str) -> Verb | None:
    """The verb or group of that path."""
    found = _table().get(path)
    return None if found is None else _make_verb(path, found)


def verbs_below(path: str) -> tuple[Verb, ...]:
    """What stands below a group, in the order of its help."""
    prefix = f"{path} " if path else ""
    names = [n for n in _table() if n and n.startswith(prefix) and " " not in n.removeprefix(prefix)]
    return tuple(_make_verb(name, _table()[name]) for name in names)


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def _make_verb(path: str, found: dict[str, Any]) -> Verb:
    return Verb(
        path=path,
        about=found["about"],
        arguments=tuple(tuple(kinds) for kinds in found.get("arguments", ())),
        choices=tuple(found.get("choices", ())),
        repeats=found.get("repeats", False),
        flags=tuple(_make_flag(flag) for flag in found.get("flags", ())),
        is_group=found.get("is_group", False),
    )


def _make_flag(found: dict[str, Any]) -> Flag:
    return Flag(
        names=tuple(found["names"]),
        about=found["about"],
        kind=found.get("kind", ""),
        choices=tuple(found.get("choices", ())),
        repeats=found.get("repeats", False),
    )
