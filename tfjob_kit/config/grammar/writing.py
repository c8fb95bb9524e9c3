"""Values as override text that reads back as the same value.

Owns quoting for the command line, the shell's included; used in hints and to show what an override means.
"""

from __future__ import annotations

import re
from typing import Any, cast

from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.words import Word

_SAFE = re.compile(r"[A-Za-z0-9_/.+%@?|\-](?:[A-Za-z0-9_/.+%@?|:\- ]*[A-Za-z0-9_/.+%@?|:\-])?")
_KEY = re.compile(r"[A-Za-z0-9_/.\-]+")
_SHELL_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./\-]+")
_BACKSLASHES = re.compile(r"(\\*)('|\Z)")


def format_value(value: Any) -> str:
    """The shortest usual text of a value: plain data, or a parsed value whose words keep their quotes."""
    if isinstance(value, Word):
        return format_text(value.text) if value.quoted else format_value(value.value)
    if isinstance(value, str):
        return value if _SAFE.fullmatch(value) and words.meaning(value) is value else format_text(value)
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value).items()
        return "{" + ",".join(f"{_format_key(k)}:{format_value(v)}" for k, v in entries) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(format_value(item) for item in cast("list[Any]", value)) + "]"
    return words.value_word(value).text


def format_text(text: str) -> str:
    """The text in single quotes."""
    return f"'{_BACKSLASHES.sub(_escape, text)}'"


def for_shell(token: str) -> str:
    """An override as a shell takes it unchanged, quoted where bash or zsh would change it."""
    if _SHELL_SAFE.fullmatch(token):
        return token
    if "'" not in token:
        return f"'{token}'"
    if not set(token) & set('"$`\\!'):
        return f'"{token}"'
    return "'" + token.replace("'", "'\\''") + "'"


def _escape(match: re.Match[str]) -> str:
    return match[1] * 2 + ("\\'" if match[2] else "")


def _format_key(key: str) -> str:
    return key if _KEY.fullmatch(key) else format_text(key)
