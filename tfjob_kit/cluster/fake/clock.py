"""Time that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["ManualClock"]


class ManualClock:
    """Stands still until it is advanced; call it for the time."""

    def __init__(self, start: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Moves on."""
        self._now += timedelta(seconds=seconds)
