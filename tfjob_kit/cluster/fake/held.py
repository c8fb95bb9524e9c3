"""The lock of the fake around each of its calls, and what is done when it is taken and let go."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Held"]


class Held:
    """The lock, something to do first, and something to do last unless that failed; then all are told."""

    def __init__(
        self,
        condition: threading.Condition,
        before: Callable[[], None],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._condition = condition
        self._before = before
        self._after = after

    def __enter__(self) -> None:
        self._condition.acquire()
        try:
            self._before()
        except BaseException:
            self._condition.release()
            raise

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._after()
        finally:
            self._condition.notify_all()
            self._condition.release()
