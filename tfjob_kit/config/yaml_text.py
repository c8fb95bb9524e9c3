"""Values as YAML that every reader reads back the same.

Owns quoting: text that a YAML 1.1 reader or composition would take for something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from tfjob_kit.config.grammar.keys import Path

__all__ = ["block_lines", "scalar", "text"]

_NAME = r"[A-Za-z_/](?:[A-Za-z0-9_/.@%+=:,-]|(?<=[A-Za-z0-9]) (?=[A-Za-z0-9]))*(?<!:)"
_AMOUNT = r"[1-9][0-9]*(?:[A-Zkmu]i?|x[1-9][0-9]*)"
_PLAIN_TEXT = re.compile(f"{_NAME}|{_AMOUNT}")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"})


def block_lines(value: Any, path: Path, indent: int) -> Iterator[tuple[str, Path]]:
    """Lines of block YAML with the path of the leaf on each."""
    pad = "  " * indent
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _entry(f"{pad}{text(key)}:", item, (*path, key), indent + 1)
    else:
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _entry(f"{pad}-", item, (*path, index), indent + 1)


def _entry(head: str, value: Any, path: Path, indent: int) -> Iterator[tuple[str, Path]]:
    if isinstance(value, (dict, list)) and value:
        yield head, path
        yield from block_lines(value, path, indent)
    else:
        yield f"{head} {scalar(value)}", path


def scalar(value: Any) -> str:
    """One value, an empty list or dict included, as it stands behind its key."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)


def _number(value: float) -> str:
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    mantissa, e, exponent = repr(value).partition("e")
    return mantissa + ("" if "." in mantissa or not e else ".0") + e + exponent


def text(value: str) -> str:
    """A text, in double quotes where a reader may take it for something else."""
    if _PLAIN_TEXT.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return '"' + "".join(map(_escape, value)) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable() and char != "\ufeff":
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
