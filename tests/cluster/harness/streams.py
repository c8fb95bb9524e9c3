"""Lines of one container's run, as a kubelet keeps and gives them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

Line = tuple[int, str]
"""Nanoseconds since the epoch when it was written, and the text with its end."""


class Broken(Exception):
    """The connection is to be cut here."""


class Stream:
    """Written by a test, read by followers; a run of a container has one."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._changed = threading.Condition()
        self._ended = False
        self._cuts = 0

    def write(self, text: str) -> None:
        """Adds lines, each at its own time; followers see them at once."""
        with self._changed:
            for line in text.splitlines(keepends=True):
                last = self._lines[-1][0] if self._lines else 0
                self._lines.append((max(time.time_ns(), last + 1), line))
            self._changed.notify_all()

    def end(self) -> None:
        """The container has ended: followers get the rest and the end."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def cut(self) -> None:
        """Breaks every open connection, as a kubelet that restarts does."""
        with self._changed:
            self._cuts += 1
            self._changed.notify_all()

    def read(self, *, follow: bool, tail: int | None, since: int | None) -> Iterator[list[Line]]:
        """Lines in the portions in which they come. Raises Broken where the connection is to be cut."""
        with self._changed:
            position, cuts = self._first(tail, since), self._cuts
        while True:
            with self._changed:
                while follow and position == len(self._lines) and not self._ended and self._cuts == cuts:
                    self._changed.wait()
                new, position = self._lines[position:], len(self._lines)
                done, broken = self._ended or not follow, self._cuts != cuts
            yield new
            if broken:
                raise Broken
            if done:
                return

    def _first(self, tail: int | None, since: int | None) -> int:
        first = 0 if tail is None else max(0, len(self._lines) - tail)
        if since is not None:
            later = (n for n, (when, _) in enumerate(self._lines) if when >= since)
            first = max(first, next(later, len(self._lines)))
        return first


def stamp(nanoseconds: int) -> str:
    """RFC 3339 with nine digits, as the kubelet writes before a line."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
