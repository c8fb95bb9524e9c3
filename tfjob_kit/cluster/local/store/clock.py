"""The engine's clock, as the API writes time."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime

__all__ = ["log_time", "moment_of", "now", "parse_time", "to_text"]


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`2026-01-31T12:00:00Z`, as metav1.Time is written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def log_time(unix_nanoseconds: int) -> str:
    """A Unix time with nine digits of a second, as log lines carry it."""
    seconds, nanoseconds = divmod(unix_nanoseconds, 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds:09d}Z"


@functools.lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def parse_time(text: str) -> datetime:
    """A time of the API, with or without a fraction of up to nine digits. ValueError when it is none."""
    whole, dot, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}{dot}{fraction[:6]}+00:00")


def moment_of(text: str) -> tuple[str, str]:
    """What orders times of log lines down to the nanosecond. ValueError when the text is no time."""
    parse_time(text)
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return whole, fraction.ljust(9, "0")
