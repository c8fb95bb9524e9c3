"""A replica's name before its lines: aligned, coloured by role."""

from __future__ import annotations

import re
import sys

from tfjob_kit.cli import console

__all__ = ["clean", "paint_role", "prefix", "shown"]

_COLOURS = {"chief": "cyan", "master": "cyan", "worker": "green", "ps": "magenta", "evaluator": "yellow"}
_SHORTEST = len("worker-0")
_CONTROL = re.compile(r"\x1b\[[0-9;]*m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f]")


def prefix(replica: str) -> str:
    """`chief-0  | `."""
    return paint_role(replica.ljust(_SHORTEST), replica) + " | "


def paint_role(text: str, replica: str) -> str:
    """The text in the colour of the replica's role, on a terminal that shows colour."""
    return console.paint(text, _COLOURS.get(replica.rpartition("-")[0], "blue"))


def shown(text: str) -> str:
    """A replica's line for stdout: harmless on a terminal, untouched in a file."""
    return clean(text) if console.is_terminal(sys.stdout) else text


def clean(line: str) -> str:
    """The line without what would move a terminal's cursor or rename its window; colours stay.

    A carriage return means that the line was written over: only its last form is kept.
    """
    last = line.rstrip("\r").rpartition("\r")[2]
    return _CONTROL.sub(lambda match: match[0] if match[0].endswith("m") else "", last)
