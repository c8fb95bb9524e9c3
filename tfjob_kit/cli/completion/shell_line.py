"""A line of bash as far as it is typed: its words without quotes, and a word as it must be typed.

zsh and fish hand over words; bash hands over the line, and what it takes for the word, which it breaks at the
characters of COMP_WORDBREAKS, `=` and `:` among them. What it is given replaces that part alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Line", "read_line"]

_TOKEN = re.compile(
    r"(?P<blank>\s+)|\\(?P<escaped>.?)|(?P<ansi>\$?)'(?P<single>[^']*)(?P<end1>'?)"
    r'|"(?P<double>(?:[^"\\]|\\.)*\\?)(?P<end2>"?)|(?P<plain>.)',
    re.DOTALL,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_UNSAFE = re.compile(r"([^\w@%+=:,./~^-])")
_UNSAFE_IN_DOUBLE = re.compile(r'(["$`\\])')


@dataclass(frozen=True, kw_only=True)
class Line:
    """The words up to the cursor.

    Attributes:
        words: Without quotes, the command first; the last is the one at the cursor, maybe empty.
        quote: The quote that is open at the cursor; empty if none.
        last: The word at the cursor as it was typed.
    """

    words: tuple[str, ...]
    quote: str = ""
    last: str = ""

    def insertion(self, word: str, *, replaced: str, is_open: bool) -> str:
        """What bash is to put in place of `replaced`, which it takes for the word at the cursor.

        Args:
            word: The whole word that is proposed.
            replaced: `$2` of a completion function: the end of the typed word.
            is_open: Whether no blank follows.
        """
        kept = self.words[-1]
        if self.last.endswith(replaced):
            typed = read_line(self.quote + replaced if self.quote not in replaced[:1] else replaced).words[-1]
            kept = kept[: len(kept) - len(typed)] if kept.endswith(typed) else kept
        else:
            kept = ""
        text = word.removeprefix(kept)
        if self.quote == '"':
            return _UNSAFE_IN_DOUBLE.sub(r"\\\1", text)
        if self.quote:
            return text
        return _UNSAFE.sub(r"\\\1", text) + ("" if is_open else " ")


def read_line(text: str) -> Line:
    """The words of a line, of which the last may be unfinished.

    Assignments before the command are left out, and so is what a pipe or `;` divides, since bash does it.
    """
    words, raw = [""], [""]
    quote = ""
    started = False
    for token in _TOKEN.finditer(text):
        quote = ""
        if token["blank"]:
            if started:
                words.append("")
                raw.append("")
            started = False
            continue
        started = True
        raw[-1] += token[0]
        if token["single"] is not None:
            words[-1] += token["single"]
            quote = "" if token["end1"] else "'"
        elif token["double"] is not None:
            words[-1] += re.sub(r'\\(["$`\\])', r"\1", token["double"])
            quote = "" if token["end2"] else '"'
        else:
            words[-1] += token["plain"] or token["escaped"] or ""
    first = next((n for n, word in enumerate(words[:-1]) if not _ASSIGNMENT.match(word)), 0)
    return Line(words=tuple(words[first:]), quote=quote, last=raw[-1])
