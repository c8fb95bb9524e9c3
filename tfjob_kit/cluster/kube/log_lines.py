"""Lines as the kubelet writes them, and where in them a reader is.

Owns the exact place: the API takes `sinceTime` in whole seconds, so a reader that comes back gets lines
again, and knows them by their time and number.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tfjob_kit.cluster.port import LogEntry

__all__ = ["Place", "parse_line", "time_key"]

_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)(?: |$)")


def parse_line(line: bytes) -> LogEntry | None:
    """Time and text; None for a line without a time, which the kubelet wrote itself."""
    match = _TIME.match(line)
    if match is None:
        return None
    text = line[match.end() :].decode("utf-8", errors="replace").removesuffix("\r")
    seconds, fraction, zone = (part.decode() for part in (match[1], match[2] or b"", match[3]))
    if zone != "Z":
        seconds = datetime.fromisoformat(seconds + zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return LogEntry(time=f"{seconds}.{fraction}Z" if fraction else f"{seconds}Z", text=text)


def time_key(time: str) -> tuple[str, str]:
    """Orders times whose fractions are of different lengths."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return seconds, fraction.ljust(9, "0")


class Place:
    """The last line that was taken.

    Args:
        after: Only lines later than this time are taken; None: all.
    """

    def __init__(self, after: str | None) -> None:
        self._last = None if after is None else time_key(_utc(after))
        self._same = 0  # lines taken that have exactly the last time
        self._skipped: int | None = None  # of those, how many have come again; None: the first reading

    @property
    def since(self) -> str | None:
        """The `sinceTime` that misses no line."""
        return None if self._last is None else f"{self._last[0]}Z"

    def come_back(self) -> None:
        """The stream begins anew, and with it lines that were taken."""
        self._skipped = 0

    def take(self, entry: LogEntry) -> bool:
        """Whether the line is new; if so it is the last one now."""
        key = time_key(entry.time)
        if self._last is not None and key < self._last:
            return False
        if key == self._last:
            if self._same == 0:
                return False
            if self._skipped is not None and self._skipped < self._same:
                self._skipped += 1
                return False
            self._same += 1
            self._skipped = self._same if self._skipped is not None else None
            return True
        self._last, self._same, self._skipped = key, 1, None
        return True


def _utc(time: str) -> str:
    """A caller's time as the lines have it."""
    entry = parse_line(time.encode() + b" ")
    if entry is None:
        raise ValueError(f"`{time}` is no RFC 3339 time")
    return entry.time
