"""A replica's name before its lines: aligned, coloured by role."""

from __future__ import annotations

import re
import sys

from tfjob_kit.cli import console

__all__ = ["clean", "paint_role", "prefix", "shown"]

_COLOURS = {"chief": "cyan", "master": "cyan", "worker": "green", "ps": "magenta", "evaluator": "yellow"}
_SHORTEST = len("worker-0")
_CONTROL = re.compile(
    r"\x1b\[[0-9;]*m"  # colour
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # cursor and screen
    r"|\x1b[\]P^_].*?(?:\x07|\x1b\\|$)"  # titles and other strings
    r"|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]"
)
_RESET = "\x1b[0m"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def prefix(replica: str) -> str:
    """`chief-0  | `."""
    return paint_role(replica.ljust(_SHORTEST), replica) + " | "


def paint_role(text: str, replica: str) -> str:
    """The text in the colour of the replica's role, on a terminal that shows colour."""
    return console.paint(text, _COLOURS.get(replica.rpartition("-")[0], "blue"))


def shown(text: str) -> str:
    """A replica's line for stdout: harmless on a terminal, untouched in a file."""
    if not sys.stdout.isatty():
        return text
    harmless = clean(text)
    return harmless if console.has_colour(sys.stdout) else _COLOUR.sub("", harmless)


def clean(line: str) -> str:
    """The line without what would move a terminal's cursor or rename its window; colours stay.

    A carriage return means that the line was written over: only its last form is kept.
    """
    last = line.rstrip("\r").rpartition("\r")[2]
    kept = _CONTROL.sub(lambda match: match[0] if _COLOUR.fullmatch(match[0]) else "", last)
    return kept + _RESET if _COLOUR.search(kept) and not kept.endswith(_RESET) else kept
