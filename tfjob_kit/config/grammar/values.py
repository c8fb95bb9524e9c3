"""The value of an override, from text to plain data: lists, dicts, functions, and values for several runs.

Owns the value grammar above single words. A value becomes a Word, a list or a dict of them, so that typing
can still see text, quotes and columns. Must not know keys or the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from tfjob_kit.config.grammar import casts, texts, words, writing
from tfjob_kit.config.grammar.cursor import Cursor
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.nearest import nearest

Value = Word | list["Value"] | dict[str, "Value"]

SWEEPS = ("choice", "range", "glob", "sort", "shuffle", "interval", "tag")
NOT_HERE = ("extend_list", "json_str")
FUNCTIONS = (*SWEEPS, *casts.CASTS)
DEEPEST = 32  # Brackets within brackets; far beyond any config, and below Python's recursion limit.

_FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*\(")
_KEYWORD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*=")


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """A value that stands for several runs.

    Attributes:
        function: `choice`, `range`, ...; None for a comma list.
        arguments: The elements or arguments, those that are swept themselves included.
        keywords: What was given by name: `reverse=true`, `exclude=vit`.
    """

    function: str | None
    arguments: tuple[Value | Swept, ...]
    keywords: tuple[tuple[str, Value | Swept], ...] = ()


def parse_value(text: str, start: int = 0) -> Value | Swept:
    """The value that stands in `text` from `start` on.

    Raises:
        OverrideError: With a caret under the column where reading stopped.
    """
    return _Reader(Cursor(text, start)).whole()


def plain(value: Value) -> Any:
    """The value as plain Python data."""
    if isinstance(value, Word):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value]


class _Reader:
    """Reads one value at a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.depth = 0

    def whole(self) -> Value | Swept:
        cursor = self.cursor
        cursor.skip_blanks()
        if cursor.at == cursor.end:
            return Word(text="", value="", span=(cursor.at, cursor.at))
        elements = [self.element()]
        while cursor.take(","):
            elements.append(self.element())
        if cursor.at < cursor.end:
            cursor.fail_at_stray()
        return elements[0] if len(elements) == 1 else Swept(function=None, arguments=tuple(elements))

    def element(self) -> Value | Swept:
        self.cursor.skip_blanks()
        char = self.cursor.peek()
        if char in {"'", '"'}:
            value = texts.read_quoted(self.cursor)
        elif char == "[":
            value = self.nested(self.items)
        elif char == "{":
            value = self.nested(self.entries)
        elif match := _FUNCTION.match(self.cursor.text, self.cursor.at):
            value = self.nested(lambda: self.function(match))
        else:
            return texts.read_word(self.cursor, inside=self.depth > 0)
        self.cursor.skip_blanks()
        return value

    def nested(self, read: Callable[[], Value | Swept]) -> Value | Swept:
        self.depth += 1
        if self.depth > DEEPEST:
            self.cursor.fail(f"brackets are nested deeper than {DEEPEST}", self.cursor.at)
        value = read()
        self.depth -= 1
        return value

    def single(self) -> Value:
        """An element inside a list or dict, where several runs make no sense."""
        at = self.cursor.at
        value = self.element()
        if isinstance(value, Swept):
            self.cursor.fail("a swept value cannot stand inside a list or dict", at)
        return value

    def items(self) -> Value:
        opening = self.cursor.at
        self.cursor.at += 1
        found: list[Value] = []
        self.cursor.skip_blanks()
        while not self.cursor.take("]"):
            if found:
                self.cursor.expect(",", opening)
            found.append(self.single())
        return found

    def entries(self) -> Value:
        opening = self.cursor.at
        self.cursor.at += 1
        found: dict[str, Value] = {}
        self.cursor.skip_blanks()
        while not self.cursor.take("}"):
            if found:
                self.cursor.expect(",", opening)
            at = self.cursor.at
            key = self.entry_key(opening)
            if key in found:
                self.cursor.fail(f"the key {words.shown(key)} stands twice", at, "keep one of the two")
            found[key] = self.single()
        return found

    def entry_key(self, opening: int) -> str:
        cursor = self.cursor
        cursor.skip_blanks()
        is_quoted = cursor.peek() in {"'", '"'}
        key = texts.read_quoted(cursor) if is_quoted else texts.read_word(cursor, stops=":", inside=True)
        cursor.skip_blanks()
        if cursor.at == cursor.end:
            cursor.fail("this bracket is never closed", opening)
        if not cursor.take(":"):
            cursor.fail("a dict needs `key: value`, and the `:` is missing", cursor.at)
        return key.text

    def function(self, match: re.Match[str]) -> Value | Swept:
        at, name = self.cursor.at, match[1]
        if name in NOT_HERE:
            self.cursor.fail(f"`{name}(...)` is not supported", at, "use key+=[5,6] to extend a list")
        if name not in FUNCTIONS:
            self.fail_unknown(name, at)
        self.cursor.at = match.end()
        found = self.arguments(name, opening=match.end() - 1)
        if name in SWEEPS or len(found.arguments) != 1 or isinstance(found.arguments[0], Swept):
            return found
        try:
            return casts.cast(name, found.arguments[0])
        except ValueError as error:
            self.cursor.fail(f"`{name}(...)`: {error}", at)

    def fail_unknown(self, name: str, at: int) -> NoReturn:
        close = nearest(name, FUNCTIONS)
        text = self.cursor.text
        token = f"{text[:at]}{close[0]}{text[at + len(name) :]}" if close else ""
        lines = [writing.for_shell(words.printable(token))] if close else []
        lines += [f"known functions: {', '.join(FUNCTIONS)}", self.cursor.as_text()]
        self.cursor.fail(f"unknown function `{name}`", at, "\n".join(lines))

    def arguments(self, name: str, *, opening: int) -> Swept:
        cursor = self.cursor
        found: list[Value | Swept] = []
        named: list[tuple[str, Value | Swept]] = []
        cursor.skip_blanks()
        while not cursor.take(")"):
            if found or named:
                cursor.expect(",", opening)
                cursor.skip_blanks()
            if keyword := _KEYWORD.match(cursor.text, cursor.at):
                cursor.at = keyword.end()
                named.append((keyword[1], self.element()))
            else:
                found.append(self.element())
        return Swept(function=name, arguments=tuple(found), keywords=tuple(named))
