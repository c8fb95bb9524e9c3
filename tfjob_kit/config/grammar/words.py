"""Single words: what an unquoted text means, and a text made safe for a message.

Everything scalar, from the command line or from a file, becomes a Word: its text as written, the value that
the text means where no type says otherwise, and whether it was quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Scalar = str | int | float | bool | None
_INT_TEXT = r"(?:0|[1-9](?:_?[0-9])*)"
_INT = re.compile(rf"[+-]?{_INT_TEXT}")
_POINT = rf"(?:{_INT_TEXT}\.|{_INT_TEXT}?\.[0-9](?:_?[0-9])*)"
_FLOAT = re.compile(rf"[+-]?(?:{_POINT}|(?:{_POINT}|{_INT_TEXT})[eE][+-]?[0-9](?:_?[0-9])*)")
_NAMED: dict[str, Scalar] = {
    "null": None,
    "true": True,
    "false": False,
    "inf": float("inf"),
    "+inf": float("inf"),
    "-inf": float("-inf"),
    "nan": float("nan"),
    "+nan": float("nan"),
    "-nan": float("nan"),
}
_LONGEST_NUMBER = 300  # Characters; keeps every int convertible to a float and below Python's digit limit.
_NUMBER_START = frozenset("+-.0123456789")


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One scalar as it was written.

    Attributes:
        text: Without quotes and escapes.
        value: What the text means by itself; a text field takes `text` instead, so `1.10` stays `1.10`.
        quoted: Written in quotes, hence text and nothing else.
        trap: What YAML 1.1 readers make of this unquoted scalar of a file, where people mean text.
        span: Columns in the text of an override, from 0, the last one outside; None where it is from none.
    """

    text: str
    value: Scalar
    quoted: bool = False
    trap: str | None = None
    span: tuple[int, int] | None = field(default=None, compare=False, repr=False)


def plain_word(text: str) -> Word:
    """The word of an unquoted text without escapes."""
    return Word(text=text, value=meaning(text))


def text_word(text: str, *, quoted: bool = True, span: tuple[int, int] | None = None) -> Word:
    """A word that is text whatever it looks like."""
    return Word(text=text, value=text, quoted=quoted, span=span)


def value_word(value: Scalar) -> Word:
    """The unquoted word that means `value`; for text the text itself."""
    if value is None:
        return Word(text="null", value=None)
    if isinstance(value, bool):
        return Word(text=str(value).lower(), value=value)
    return Word(text=str(value), value=value)


def meaning(text: str) -> Scalar:
    """None, bool, int or float where the whole text is one; else the text."""
    if text[:1] in _NUMBER_START and len(text) <= _LONGEST_NUMBER:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    if len(text) <= 5:
        return _NAMED.get(text.lower(), text)
    return text


def is_int(text: str) -> bool:
    """Whether the text is a whole number as the grammar has it."""
    return len(text) <= _LONGEST_NUMBER and _INT.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether the text is a whole number or a decimal, inf and nan included."""
    return not isinstance(meaning(text), bool | str | None)


def printable(text: str) -> str:
    """The text on one line, each character that a terminal cannot show as `?`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def shown(text: str, *, limit: int = 60) -> str:
    """The text in backquotes for a message, cut when long."""
    line = printable(text)
    return f"`{line}`" if len(line) <= limit else f"`{line[: limit - 3]}...`"


def caret(text: str, column: int) -> str:
    """The line with a caret under a column (from 0); a long line is cut around it."""
    start = max(0, column - 60)
    line = printable(text)[start : start + 100]
    return f"{line}\n{' ' * (column - start)}^"
