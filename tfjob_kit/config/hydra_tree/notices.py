"""What an import has to say of one line of the Hydra tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tfjob_kit.config.tree.source import Source

__all__ = ["Notice", "notice_at"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One finding of an import.

    Attributes:
        kind: `left_out`: nothing of it is in the new tree. `changed`: it is there in another form. `note`: it
            is there, and something should be known of it.
        path: The file of the Hydra tree, as shown to people.
        line: Line in it, from 1.
        text: What stands there, e.g. `model._target_: src.Net`.
        message: Why, in one sentence.
        instead: What to do; None where nothing has to be done.
    """

    kind: Literal["left_out", "changed", "note"]
    path: str
    line: int
    text: str
    message: str
    instead: str | None = None

    @property
    def where(self) -> str:
        """`configs/model/mnist.yaml:3`."""
        return f"{self.path}:{self.line}"


def notice_at(
    source: Source,
    text: str,
    message: str,
    *,
    kind: Literal["left_out", "changed", "note"] = "left_out",
    instead: str | None = None,
) -> Notice:
    """The notice for a line of a file."""
    return Notice(
        kind=kind, path=source.path or "", line=source.line or 1, text=text, message=message, instead=instead
    )
