"""Where `${...}` stands in a text, and the backslash that makes it text again.

Owns the extent and the escaping of interpolations. Must not resolve them.
"""

from __future__ import annotations

import re

_OPENING = re.compile(r"(\\*)\$\{")


def end_of(text: str, opening: int) -> int | None:
    """The column behind the interpolation whose `$` stands at `opening`; None when it is never closed."""
    depth, quote = 0, ""
    for at in range(opening + 1, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at + 1
    return None


def is_live(text: str) -> bool:
    """Whether a text holds an interpolation, one without a backslash before it."""
    return "${" in text and any(len(match[1]) % 2 == 0 for match in _OPENING.finditer(text))


def is_nested(text: str) -> bool:
    """Whether an interpolation stands inside another one, or is not closed."""
    for match in re.finditer(r"\$\{", text):
        end = end_of(text, match.start())
        if end is None or "${" in text[match.end() : end]:
            return True
    return False


def escape(text: str) -> str:
    """The text so that resolving gives it back unchanged."""
    return _OPENING.sub(lambda match: match[1] * 2 + "\\${", text)


def unescape(text: str) -> str:
    """A text without live interpolations as it is meant."""
    return _OPENING.sub(lambda match: "\\" * (len(match[1]) // 2) + "${", text)
