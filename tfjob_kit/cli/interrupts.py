"""Ctrl-C, SIGTERM, a closed pipe: the tool goes away, the job goes on."""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["EXIT_INTERRUPTED", "EXIT_PIPE", "EXIT_TERMINATED", "ReaderGone", "Terminated", "listen"]

EXIT_INTERRUPTED, EXIT_PIPE, EXIT_TERMINATED = 130, 141, 143


class Terminated(BaseException):
    """SIGTERM of the tool; like KeyboardInterrupt nothing that `except Exception` takes."""


class ReaderGone(BaseException):
    """Nobody reads stdout any more (`| head`); typer has an end of its own for BrokenPipeError."""


def listen() -> None:
    """From now on SIGTERM raises Terminated in the main thread."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated
