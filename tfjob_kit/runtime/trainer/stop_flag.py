"""SIGTERM as a wish that the loop asks for.

Owns the handler. TensorFlow takes SIGTERM away when the strategy is made, so it is installed after that.
"""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["StopFlag"]


class StopFlag:
    """Raised by SIGTERM; the loop saves and leaves at its next step boundary."""

    def __init__(self) -> None:
        self._raised = False

    def listen(self) -> StopFlag:
        """Installs the handler; returns itself."""
        signal.signal(signal.SIGTERM, self._raise)
        return self

    @property
    def raised(self) -> bool:
        """Whether this replica was asked to stop."""
        return self._raised

    def _raise(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._raised = True
