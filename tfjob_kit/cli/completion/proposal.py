"""What is proposed for one word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Answer", "Proposal"]

Files = Literal["", "files", "dirs"]
_OPEN_ENDS = (".", "=", ":", "@", "/", ",")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One word that could stand at the cursor.

    Attributes:
        word: The whole word, without quotes.
        about: One line for shells that show it.
    """

    word: str
    about: str = ""

    @property
    def is_open(self) -> bool:
        """Whether more of the word is to come, so that no blank follows: `train.`, `model=`, `volumes=[a`."""
        return self.word.endswith(_OPEN_ENDS) or self.word.count("[") > self.word.count("]")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the shell is told.

    Attributes:
        proposals: Words, in order; only those that the typed word begins.
        files: What the shell itself adds: its files, its directories or nothing.
        prefix: What stands before the file's name in the typed word: `--kubeconfig=`.
    """

    proposals: tuple[Proposal, ...] = ()
    files: Files = ""
    prefix: str = ""

    def starting_with(self, word: str) -> Answer:
        """Those that continue the typed word, each once."""
        fitting = {each.word: each for each in self.proposals if each.word.startswith(word)}
        return replace(self, proposals=tuple(fitting.values()))


def words(texts: Iterable[str], about: str = "", *, prefix: str = "") -> tuple[Proposal, ...]:
    """Proposals that all mean the same."""
    return tuple(Proposal(word=f"{prefix}{text}", about=about) for text in texts)
