"""The value that a misspelt one means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

__all__ = ["nearest_value"]


def nearest_value(text: str, values: Sequence[str]) -> str | None:
    """The value that the text is but for case and punctuation; else one very close to it; else None."""
    plain = {_plain(value): value for value in values if value}
    if (found := plain.get(_plain(text))) is not None:
        return found
    near = difflib.get_close_matches(_plain(text), plain, n=1, cutoff=0.8)
    return plain[near[0]] if near else None


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
