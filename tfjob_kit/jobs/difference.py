"""What differs between two configs, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from tfjob_kit.config.grammar.keys import Path, format_path

__all__ = ["ABSENT", "Difference", "find_differences", "show_value"]


class _Absent:
    """There is no such key; unlike None, which is a value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One key with another value.

    Attributes:
        key: Dotted, as an override writes it.
        old: Plain value; ABSENT where there was no such key.
        new: Plain value; ABSENT where there is none any more.
    """

    key: str
    old: Any
    new: Any


def find_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Keys whose values differ, in the order of `new`, then of `old`.

    Args:
        old: A config as plain data; lists are compared as wholes.
        new: Another.
    """
    return tuple(_compare((), dict(old), dict(new)))


def show_value(value: Any) -> str:
    """One side of a difference for people; `-` where there is no such key."""
    if value is ABSENT:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _compare(path: Path, old: Any, new: Any) -> Iterator[Difference]:
    if _has_keys(old) and _has_keys(new):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _compare((*path, key), old.get(key, ABSENT), new.get(key, ABSENT))
    elif _has_keys(new) and old in ({}, ABSENT):
        for key, value in new.items():
            yield from _compare((*path, key), ABSENT, value)
    elif _has_keys(old) and new in ({}, ABSENT):
        for key, value in old.items():
            yield from _compare((*path, key), value, ABSENT)
    elif old != new:
        yield Difference(key=format_path(path), old=old, new=new)


def _has_keys(value: Any) -> bool:
    return isinstance(value, dict) and bool(cast("dict[str, Any]", value))
