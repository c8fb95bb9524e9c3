"""Did you mean: names close to what was written, nearest first."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LIKENESS = 0.6
AT_MOST = 3
WHOLE_LIST = 10


def nearest(name: str, *candidates: Iterable[str], likeness: float = LIKENESS) -> tuple[str, ...]:
    """At most three candidates like `name`; those of an earlier group come first.

    Args:
        name: What was written.
        candidates: Groups of valid names, the most likely group first.
        likeness: From 0 to 1, as difflib has it.
    """
    found: dict[str, None] = {}
    for group in candidates:
        matches = difflib.get_close_matches(name[:100], list(group), n=AT_MOST, cutoff=likeness)
        found.update(dict.fromkeys(matches))
    return tuple(found)[:AT_MOST]


def choices(names: Iterable[str], *, close: tuple[str, ...] = ()) -> str:
    """Names for a hint: all of them, the close ones first, when they are few; else the close ones."""
    rest = [name for name in names if name not in close]
    every = [*close, *rest]
    return ", ".join(every if len(every) <= WHOLE_LIST else close or (*rest[:WHOLE_LIST], "..."))
