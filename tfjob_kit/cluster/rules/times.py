"""Times as the API writes them: RFC 3339 in UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["format_time", "parse_time"]


def format_time(time: datetime) -> str:
    """`2026-01-31T12:00:00Z`, the fraction cut off."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """The moment, with its time zone."""
    return datetime.fromisoformat(text)
