"""Ctrl-C and SIGTERM: the tool goes away, the job goes on."""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["EXIT_INTERRUPTED", "EXIT_TERMINATED", "Terminated", "listen"]

EXIT_INTERRUPTED, EXIT_TERMINATED = 130, 143


class Terminated(BaseException):
    """SIGTERM of the tool; like KeyboardInterrupt nothing that `except Exception` takes."""


def listen() -> None:
    """From now on SIGTERM raises Terminated in the main thread."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated
