"""A place in the text of an override, and the errors that point at it.

Owns stepping over single characters and every message with a caret. Must not know what values are.
"""

from __future__ import annotations

from typing import NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import interpolations, words, writing

BLANKS = " \t"
_LONGEST_QUOTED = 200  # Characters of a value that a hint repeats in quotes.


class Cursor:
    """Reads a text from left to right.

    Attributes:
        text: The whole override, so that carets stand under its columns.
        start: Column where the value begins, from 0.
        at: Column of the next character.
        end: Its length.
    """

    __slots__ = ("at", "end", "start", "text")

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.at = start
        self.end = len(text)

    def peek(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at] if self.at < self.end else ""

    def skip_blanks(self) -> None:
        """Steps over blanks and tabs."""
        while self.at < self.end and self.text[self.at] in BLANKS:
            self.at += 1

    def take(self, char: str) -> bool:
        """Steps over `char` where it stands next."""
        found = self.peek() == char
        self.at += found
        return found

    def expect(self, char: str, opening: int) -> None:
        """Steps over `char`, which the bracket at `opening` needs.

        Raises:
            OverrideError: Something else stands there.
        """
        if self.at == self.end:
            self.fail("this bracket is never closed", opening)
        if not self.take(char):
            self.fail_at_stray()

    def backslashes(self) -> int:
        """Steps over backslashes and counts them."""
        start = self.at
        while self.peek() == "\\":
            self.at += 1
        return self.at - start

    def interpolation(self, *, skip: int = 0) -> str:
        """`${...}` with all that is nested in it, as written.

        Args:
            skip: Characters before its `$`.

        Raises:
            OverrideError: It is never closed.
        """
        opening = self.at + skip
        end = interpolations.end_of(self.text, opening)
        if end is None:
            self.fail(
                "this interpolation is never closed", opening, "close it with }, or write \\${ for the text"
            )
        self.at = end
        return self.text[opening:end]

    def fail_at_missing(self, *, inside: bool) -> NoReturn:
        """Raises OverrideError where a value should begin.

        Args:
            inside: Whether a bracket is open.
        """
        char = self.peek()
        if not char and inside:
            self.fail("a bracket before this place is never closed", self.at)
        if char in {"", ","} or (inside and char in {"]", "}", ":"}):
            self.fail("a value is missing here", self.at, "take the comma out, or write '' for an empty text")
        self.fail_at_stray()

    def fail_at_stray(self) -> NoReturn:
        """Raises OverrideError for the next character, which cannot stand there."""
        char = self.peek()
        if char in "\r\n":
            self.fail("a line break cannot stand here", self.at)
        if char in "'\"":
            other = '"' if char == "'" else "'"
            problem = f"the quote {char} cannot stand inside a word"
            self.fail(problem, self.at, f"put the whole value in {other} quotes: {self.as_text()}")
        self.fail(f"{words.shown(char)} cannot stand here", self.at)

    def as_text(self) -> str:
        """For a hint: the override with its value in quotes, hence text."""
        value = self.text[self.start :].strip(BLANKS)
        if not self.text.isprintable() or len(value) > _LONGEST_QUOTED:
            return "quote the value to use it as text"
        return f"{writing.for_shell(self.text[: self.start] + writing.format_text(value))} uses it as text"

    def fail(self, message: str, at: int, hint: str | None = None) -> NoReturn:
        """Raises OverrideError with a caret under a column; by default the way out is to quote the value."""
        raise errors.OverrideError(message, hint=hint or self.as_text(), source=words.caret(self.text, at))
