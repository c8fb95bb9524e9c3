r"""Keys of overrides: dotted paths with `\.` for a dot inside a name and `[n]` for a list item.

Owns the text of paths in both directions. Must not know which keys exist.
"""

from __future__ import annotations

import re
from typing import NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import words

Path = tuple[str | int, ...]
"""Names and list indices from the root of the config; empty for the root."""

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_NAME = re.compile(r"""(?:\\[.\\\[\]]|[^\s\x00-\x1f\x7f.\\\[\](){}=,'"])+""")
_INDEX = re.compile(r"\[(-?[0-9]{1,9})\]")
_ESCAPED = re.compile(r"([.\\\[\]])")


def parse_path(text: str, *, line: str | None = None, start: int = 0) -> Path:
    r"""The path that a dotted key names.

    Args:
        text: The key, e.g. `job.labels.app\.kubernetes\.io/name`.
        line: The whole override, for the caret.
        start: Where the key begins in it.

    Raises:
        OverrideError: Empty names, blanks or brackets in it.
    """
    if _SIMPLE.fullmatch(text):
        return tuple(text.split("."))
    path: list[str | int] = []
    at = 0
    while True:
        name = _NAME.match(text, at)
        if name is None:
            _fail(text, at, line or text, start)
        path.append(re.sub(r"\\(.)", r"\1", name[0]))
        at = name.end()
        while index := _INDEX.match(text, at):
            path.append(int(index[1]))
            at = index.end()
        if at == len(text):
            return tuple(path)
        if text[at] != ".":
            _fail(text, at, line or text, start)
        at += 1


def format_path(path: Path) -> str:
    """The dotted key of a path, as parse_path reads it."""
    parts = [f"[{part}]" if isinstance(part, int) else "." + _ESCAPED.sub(r"\\\1", part) for part in path]
    return "".join(parts).removeprefix(".")


def show_path(path: Path) -> str:
    """The dotted key in backquotes for a message; keys of files may hold any character."""
    return words.shown(format_path(path), limit=100)


def _fail(text: str, at: int, line: str, start: int) -> NoReturn:
    char = text[at : at + 1]
    if not text:
        message, hint = "a name is missing in the key", "write key=value"
    elif char in ("", "."):
        message, hint = "a name is missing in the key", "separate names with one dot"
    elif char.isspace():
        message, hint = "a blank cannot stand in a key", "write key=value without blanks around the ="
    else:
        message, hint = f"{words.shown(char)} cannot stand in a key", "write a.b.c=value, or a.b[0]=value"
    raise errors.OverrideError(message, hint=hint, source=words.caret(line, start + at))
