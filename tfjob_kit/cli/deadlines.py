"""Waits that give up: a stop flag that is set when time is up."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator

__all__ = ["stopping_after"]


@contextlib.contextmanager
def stopping_after(seconds: float | None) -> Generator[threading.Event]:
    """Yields a flag that is set after so many seconds; None: never."""
    stop = threading.Event()
    if seconds is None:
        yield stop
        return
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
