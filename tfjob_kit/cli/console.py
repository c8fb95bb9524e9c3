"""The two streams: data on stdout, talk on stderr, with colour where a person reads.

Owns when colour is used (NO_COLOR, dumb terminals and pipes get none) and the few styles there are.
"""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from tfjob_kit.cli import commands, interrupts

__all__ = [
    "ask",
    "has_colour",
    "is_terminal",
    "paint",
    "put",
    "put_json",
    "say",
    "warn",
    "warning",
    "width",
]

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


def put(text: str) -> None:
    """Data: one or more lines on stdout, written at once."""
    _write(sys.stdout, text)


def put_json(data: Any, *, indent: int | None = 2) -> None:
    """Data as JSON on stdout; on one line with `indent=None`."""
    import json

    put(json.dumps(data, indent=indent, ensure_ascii=False))


def say(text: str) -> None:
    """Talk: one or more lines on stderr; the commands in it lead to the same cluster."""
    _write(sys.stderr, commands.complete(text))


def ask(question: str) -> None:
    """A question on stderr; the answer is written behind it."""
    sys.stderr.write(question)
    sys.stderr.flush()


def warn(text: str) -> None:
    """One sentence on stderr that a person should not miss."""
    say(warning(text))


def warning(text: str) -> str:
    """The sentence after its label, for stderr."""
    return f"{paint('warning:', 'yellow', 'bold', stream=sys.stderr)} {text}"


def paint(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """The text in these styles when the stream (stdout unless given) shows colour, else as it is."""
    if not styles or not has_colour(stream or sys.stdout):
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def has_colour(stream: TextIO) -> bool:
    """Whether the stream is a terminal whose user has not asked for plain text."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()
    except BrokenPipeError:
        raise interrupts.ReaderGone from None
