"""Spans of time as people read and write them."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime

from tfjob_kit import errors

__all__ = ["age", "parse_seconds", "seconds_between", "span"]

_FORM = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = (86_400, 3_600, 60, 1)


def parse_seconds(text: str, *, flag: str) -> int:
    """Seconds of `90`, `90s`, `15m`, `2h30m`, `7d`.

    Raises:
        UsageError: It is none of these; the message names the flag.
    """
    if text.isdecimal():
        return int(text)
    match = _FORM.fullmatch(text)
    if match is None or not text:
        raise errors.UsageError(f"`{flag}` takes a duration, not `{text}`", hint="e.g. 90s, 15m, 2h30m, 7d")
    return sum(int(number or 0) * unit for number, unit in zip(match.groups(), _UNITS, strict=True))


def span(seconds: float) -> str:
    """`8 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    parts = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    for (unit, name), (smaller, smaller_name) in itertools.pairwise(parts):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def age(created: str | None, *, now: datetime) -> str:
    """Age for the last column of a table, as kubectl has it: `5s`, `3m`, `2h`, `4d`."""
    if created is None:
        return "-"
    seconds = max(0, int((now - _parse(created)).total_seconds()))
    for unit, letter, least in ((86_400, "d", 172_800), (3_600, "h", 7_200), (60, "m", 120)):
        if seconds >= least:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def seconds_between(begin: str | None, end: str | None, *, now: datetime) -> float | None:
    """Seconds from one RFC 3339 time to another, or to now; None before it began."""
    if begin is None:
        return None
    until = _parse(end) if end else now
    return max(0.0, (until - _parse(begin)).total_seconds())


def _parse(time: str) -> datetime:
    whole, _, fraction = time.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6].ljust(6, '0')}").replace(tzinfo=UTC)
