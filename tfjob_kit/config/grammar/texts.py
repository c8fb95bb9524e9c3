"""Words and quoted texts, read from an override.

Owns escapes, quotes and where an unquoted word ends. Must not know lists, dicts and functions.
"""

from __future__ import annotations

import re

from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.cursor import BLANKS, Cursor
from tfjob_kit.config.grammar.words import Word

_ESCAPABLE = frozenset("\\()[]{}:=, \t")
_STRUCTURE = frozenset("()[]{},'\"\n\r")
_PLAIN = re.compile(r"""[^\\$()\[\]{},'"\n\r]*""")


def read_quoted(cursor: Cursor) -> Word:
    """The text in the quotes at the cursor; a backslash escapes the quote, and backslashes before it.

    Raises:
        OverrideError: The quote is never closed.
    """
    quote, opening = cursor.peek(), cursor.at
    cursor.at += 1
    parts: list[str] = []
    while cursor.at < cursor.end:
        char = cursor.text[cursor.at]
        if char == "\\":
            run = cursor.backslashes()
            if cursor.peek() != quote:
                parts.append("\\" * run)
                continue
            parts.append("\\" * (run // 2))
            if run % 2:
                parts.append(quote)
                cursor.at += 1
        elif char == quote:
            cursor.at += 1
            return words.text_word("".join(parts), span=(opening, cursor.at))
        else:
            parts.append(char)
            cursor.at += 1
    cursor.fail("this quote is never closed", opening, "close it, or write \\' for a quote inside")


def read_word(cursor: Cursor, *, stops: str = "", inside: bool = False) -> Word:
    """The unquoted word at the cursor, without blanks at its end.

    Args:
        cursor: Stands behind the word afterwards.
        stops: Characters that end the word beside brackets, commas, quotes and line breaks.
        inside: Whether a bracket is open.

    Raises:
        OverrideError: No word begins here.
    """
    start, parts, escaped, solid_end = cursor.at, list[str](), False, 0
    while True:
        part, is_escape = _part(cursor, stops)
        if not part:
            break
        if part.startswith("${") and escaped:
            part = _doubled("".join(parts)) + part
        escaped = escaped or is_escape
        parts.append(part)
        solid_end = len(parts) if is_escape else solid_end
    if cursor.at == start:
        cursor.fail_at_missing(inside=inside)
    tail = "".join(parts[solid_end:]).rstrip(BLANKS)
    text = "".join(parts[:solid_end]) + tail
    end = start + len(cursor.text[start : cursor.at].rstrip(BLANKS))
    return Word(text=text, value=text if escaped else words.meaning(text), span=(start, end))


def _part(cursor: Cursor, stops: str) -> tuple[str, bool]:
    """The next stretch of a word and whether it was an escape; empty at the word's end."""
    char = cursor.peek()
    if not char or char in _STRUCTURE or char in stops:
        return "", False
    if char == "\\" and cursor.text.startswith("\\${", cursor.at):
        return "\\" + cursor.interpolation(skip=1), False
    if char == "\\" and cursor.at + 1 < cursor.end and cursor.text[cursor.at + 1] in _ESCAPABLE:
        cursor.at += 2
        return cursor.text[cursor.at - 1], True
    if char == "$" and cursor.text.startswith("${", cursor.at):
        return cursor.interpolation(), False
    return _stretch(cursor, stops), False


def _stretch(cursor: Cursor, stops: str) -> str:
    match = _PLAIN.match(cursor.text, cursor.at)
    end = max(match.end() if match else 0, cursor.at + 1)
    stop = min((i for i in (cursor.text.find(s, cursor.at, end) for s in stops) if i >= 0), default=end)
    start, cursor.at = cursor.at, stop
    return cursor.text[start:stop]


def _doubled(before: str) -> str:
    """As many backslashes as stand at the end of `before`, so that they do not escape what follows."""
    return "\\" * (len(before) - len(before.rstrip("\\")))
