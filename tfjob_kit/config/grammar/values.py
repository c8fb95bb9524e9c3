"""The value of an override, from text to plain data: a hand-written scanner.

Owns the value grammar: words, quotes, lists, dicts, interpolations, functions, and values that mean several
runs. A value becomes a Word, a list or a dict of them, so that typing can still see text and quotes. Must not
know keys or the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import casts, interpolations, words
from tfjob_kit.config.grammar.words import Word

Value = Word | list["Value"] | dict[str, "Value"]

SWEEPS = ("choice", "range", "glob", "sort", "shuffle", "interval", "tag")
NOT_HERE = ("extend_list", "json_str")
FUNCTIONS = (*SWEEPS, *casts.CASTS)
QUOTE_HINT = "quote the value to use it as text"
DEEPEST = 32  # Brackets within brackets; far beyond any config, and below Python's recursion limit.

_ESCAPABLE = frozenset("\\()[]{}:=, \t")
_STRUCTURE = frozenset("()[]{},'\"\n\r")
_BLANKS = " \t"
_PLAIN = re.compile(r"""[^\\$()\[\]{},'"\n\r]*""")
_FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*\(")
_KEYWORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=(?=[\[{'\"])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """A value that stands for several runs.

    Attributes:
        function: `choice`, `range`, ...; None for a comma list.
        arguments: The elements or arguments, those that are swept themselves included.
    """

    function: str | None
    arguments: tuple[Value | Swept, ...]


def parse_value(text: str, start: int = 0) -> Value | Swept:
    """The value that stands in `text` from `start` on.

    Raises:
        OverrideError: With a caret under the column where reading stopped.
    """
    return _Scanner(text, start).whole()


def plain(value: Value) -> Any:
    """The value as plain Python data."""
    if isinstance(value, Word):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value]


class _Scanner:
    """Reads one value; `at` is the column of the next character."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.at = start
        self.end = len(text)
        self.depth = 0

    def whole(self) -> Value | Swept:
        self.skip_blanks()
        if self.at == self.end:
            return Word(text="", value="")
        elements = [self.element()]
        while self.take(","):
            elements.append(self.element())
        if self.at < self.end:
            self.fail_at_stray()
        return elements[0] if len(elements) == 1 else Swept(function=None, arguments=tuple(elements))

    def element(self) -> Value | Swept:
        self.skip_blanks()
        char = self.peek()
        if char in {"'", '"'}:
            value = self.quoted(char)
        elif char == "[":
            value = self.nested(self.items)
        elif char == "{":
            value = self.nested(self.entries)
        elif match := _FUNCTION.match(self.text, self.at):
            value = self.nested(lambda: self.function(match))
        else:
            return self.word(stops="")
        self.skip_blanks()
        return value

    def nested(self, read: Callable[[], Value | Swept]) -> Value | Swept:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"brackets are nested deeper than {DEEPEST}", self.at)
        value = read()
        self.depth -= 1
        return value

    def single(self) -> Value:
        """An element inside a list or dict, where several runs make no sense."""
        at = self.at
        value = self.element()
        if isinstance(value, Swept):
            self.fail("a swept value cannot stand inside a list or dict", at)
        return value

    def items(self) -> Value:
        opening = self.at
        self.at += 1
        found: list[Value] = []
        self.skip_blanks()
        while not self.take("]"):
            if found:
                self.expect(",", opening)
            found.append(self.single())
        return found

    def entries(self) -> Value:
        opening = self.at
        self.at += 1
        found: dict[str, Value] = {}
        self.skip_blanks()
        while not self.take("}"):
            if found:
                self.expect(",", opening)
            at = self.at
            key = self.entry_key(opening)
            if key in found:
                self.fail(f"the key {words.shown(key)} stands twice", at)
            found[key] = self.single()
        return found

    def entry_key(self, opening: int) -> str:
        self.skip_blanks()
        char = self.peek()
        key = self.quoted(char) if char in {"'", '"'} else self.word(stops=":")
        self.skip_blanks()
        if self.at == self.end:
            self.fail("this bracket is never closed", opening)
        if not self.take(":"):
            self.fail("a dict needs `key: value`, and the `:` is missing", self.at)
        return key.text

    def function(self, match: re.Match[str]) -> Value | Swept:
        at, name = self.at, match[1]
        if name in NOT_HERE:
            self.fail(f"`{name}(...)` is not supported", at, "use key+=[5,6] to extend a list")
        if name not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            hint = f"known functions: {known}; quote it to use it as text"
            self.fail(f"unknown function `{name}`", at, hint)
        self.at = match.end()
        arguments = self.arguments(match.end() - 1)
        if name in SWEEPS or len(arguments) != 1 or isinstance(arguments[0], Swept):
            return Swept(function=name, arguments=tuple(arguments))
        try:
            return casts.cast(name, arguments[0])
        except ValueError as error:
            self.fail(f"`{name}(...)`: {error}", at)

    def arguments(self, opening: int) -> list[Value | Swept]:
        found: list[Value | Swept] = []
        self.skip_blanks()
        while not self.take(")"):
            if found:
                self.expect(",", opening)
                self.skip_blanks()
            if keyword := _KEYWORD.match(self.text, self.at):
                self.at = keyword.end()
            found.append(self.element())
        return found

    def quoted(self, quote: str) -> Word:
        opening = self.at
        self.at += 1
        parts: list[str] = []
        while self.at < self.end:
            char = self.text[self.at]
            if char == "\\":
                run = self.run_of_backslashes()
                if self.peek() != quote:
                    parts.append("\\" * run)
                    continue
                parts.append("\\" * (run // 2))
                if run % 2:
                    parts.append(quote)
                    self.at += 1
            elif char == quote:
                self.at += 1
                return words.text_word("".join(parts))
            else:
                parts.append(char)
                self.at += 1
        self.fail("this quote is never closed", opening, "close it, or write \\' for a quote inside")

    def run_of_backslashes(self) -> int:
        start = self.at
        while self.peek() == "\\":
            self.at += 1
        return self.at - start

    def word(self, *, stops: str) -> Word:
        start, parts, escaped, solid_end = self.at, list[str](), False, 0
        while True:
            part, is_escape = self.word_part(stops)
            if not part:
                break
            if part.startswith("${") and escaped:
                part = _doubled("".join(parts)) + part
            escaped = escaped or is_escape
            parts.append(part)
            solid_end = len(parts) if is_escape else solid_end
        if self.at == start:
            self.fail_at_missing()
        tail = "".join(parts[solid_end:]).rstrip(_BLANKS)
        text = "".join(parts[:solid_end]) + tail
        return Word(text=text, value=text) if escaped else words.plain_word(text)

    def word_part(self, stops: str) -> tuple[str, bool]:
        """The next stretch of a word and whether it was an escape; empty at the word's end."""
        char = self.peek()
        if not char or char in _STRUCTURE or char in stops:
            return "", False
        if char == "\\" and self.text.startswith("\\${", self.at):
            return "\\" + self.interpolation(1), False
        if char == "\\" and self.at + 1 < self.end and self.text[self.at + 1] in _ESCAPABLE:
            self.at += 2
            return self.text[self.at - 1], True
        if char == "$" and self.text.startswith("${", self.at):
            return self.interpolation(0), False
        return self.stretch(stops), False

    def stretch(self, stops: str) -> str:
        match = _PLAIN.match(self.text, self.at)
        end = max(match.end() if match else 0, self.at + 1)
        stop = min((i for i in (self.text.find(s, self.at, end) for s in stops) if i >= 0), default=end)
        start, self.at = self.at, stop
        return self.text[start:stop]

    def interpolation(self, skip: int) -> str:
        """`${...}` with all that is nested in it, as written."""
        opening = self.at + skip
        end = interpolations.end_of(self.text, opening)
        if end is None:
            self.fail(
                "this interpolation is never closed", opening, "close it with }, or write \\${ for the text"
            )
        self.at = end
        return self.text[opening:end]

    def peek(self) -> str:
        return self.text[self.at] if self.at < self.end else ""

    def skip_blanks(self) -> None:
        while self.at < self.end and self.text[self.at] in _BLANKS:
            self.at += 1

    def take(self, char: str) -> bool:
        """Steps over `char` where it stands next."""
        found = self.peek() == char
        self.at += found
        return found

    def expect(self, char: str, opening: int) -> None:
        if self.at == self.end:
            self.fail("this bracket is never closed", opening)
        if not self.take(char):
            self.fail_at_stray()

    def fail_at_missing(self) -> NoReturn:
        char = self.peek()
        if not char and self.depth:
            self.fail("a bracket before this place is never closed", self.at)
        if char in {"", ",", "]", "}", ":"}:
            self.fail("a value is missing here", self.at, "write '' for an empty text")
        self.fail_at_stray()

    def fail_at_stray(self) -> NoReturn:
        char = self.peek()
        if char in "\r\n":
            self.fail("a line break cannot stand here", self.at)
        if char in "'\"":
            self.fail(f"the quote {char} cannot stand inside a word", self.at, _quote_hint(char))
        self.fail(f"{words.shown(char)} cannot stand here", self.at)

    def fail(self, message: str, at: int, hint: str = QUOTE_HINT) -> NoReturn:
        raise errors.OverrideError(message, hint=hint, source=words.caret(self.text, at))


def _quote_hint(char: str) -> str:
    other = '"' if char == "'" else "'"
    return f"put the whole value in {other} quotes"


def _doubled(before: str) -> str:
    """As many backslashes as stand at the end of `before`, so that they do not escape what follows."""
    return "\\" * (len(before) - len(before.rstrip("\\")))
