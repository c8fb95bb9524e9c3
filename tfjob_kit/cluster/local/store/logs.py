"""What replicas print, line by line with the time when it was read.

    logs/<pod>/<run>.log    one file per container run, counted over restarts and recreated pods
    logs/<pod>/<run>.end    there once the run has ended and its last line is written

A line is `<RFC 3339 time> <text>`. Unlike on a cluster, the run before a pod was recreated can still be
read. The keeper writes, anyone reads.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tfjob_kit.cluster.local.store import clock
from tfjob_kit.cluster.port import LogEntry

__all__ = ["LogWriter", "last_lines", "read_log", "run_file", "runs"]

KEPT_RUNS = 10
"""A crash loop does not fill the disk: older runs of a pod are removed."""

_LONGEST_LINE = 1 << 20
_POLL_SECONDS = 0.05


class LogWriter:
    """Writes the output of one container run; a full disk loses lines and never a replica.

    Attributes:
        lost: Lines that could not be written.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        known = runs(directory)
        self.run = known[-1] + 1 if known else 0
        self.lost = 0
        self._next_time = 0
        self._directory = directory
        self._file = run_file(directory, self.run).open("ab", buffering=0)
        self._rest = b""
        for run in known[: -KEPT_RUNS + 1]:
            _remove(directory, run)

    def feed(self, data: bytes) -> None:
        """Takes output as it was read; the part after the last line end waits for more."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        if lines:
            self._write(lines)

    def close(self) -> None:
        """Writes what is left and marks the run as ended."""
        if self._rest:
            self._write([self._rest])
        self._file.close()
        with contextlib.suppress(OSError):
            (self._directory / f"{self.run}.end").touch()

    def _write(self, lines: list[bytes]) -> None:
        # No two lines have the same time: who reads on from a line's time misses none.
        first = max(time.time_ns(), self._next_time)
        self._next_time = first + len(lines)
        stamped = (clock.log_time(first + n).encode() + b" " + line + b"\n" for n, line in enumerate(lines))
        try:
            self._file.write(b"".join(stamped))
        except OSError:
            self.lost += len(lines)


def runs(directory: Path) -> list[int]:
    """Numbers of the runs whose output is there, oldest first."""
    return sorted(int(path.stem) for path in directory.glob("*.log"))


def run_file(directory: Path, run: int) -> Path:
    """The file of one run."""
    return directory / f"{run}.log"


def last_lines(directory: Path, *, count: int) -> list[str]:
    """The last lines of the newest run."""
    known = runs(directory)
    if not known:
        return []
    with run_file(directory, known[-1]).open("rb") as file:
        return [_entry(line).text for line in deque(file, maxlen=count)]


def read_log(
    path: Path,
    *,
    tail: int | None,
    since: str | None,
    follow: bool,
    stop: threading.Event | None,
    is_over: Callable[[], bool],
) -> Iterator[LogEntry]:
    """The lines of one run.

    Args:
        path: Its file; FileNotFoundError on the first step when it is gone.
        tail: Only the last so many of those there now.
        since: Only lines later than this time.
        follow: Goes on until the run has ended.
        stop: Ends following.
        is_over: True when nobody writes the file any more although no end was marked.
    """
    earliest = clock.moment_of(since) if since else None
    with path.open("rb") as file:
        for line in _wanted(file, tail=tail):
            entry = _entry(line)
            if earliest is None or clock.moment_of(entry.time) > earliest:
                yield entry
        if follow:
            yield from _follow(file, path.with_suffix(".end"), stop=stop, is_over=is_over)


def _wanted(file: BinaryIO, *, tail: int | None) -> Iterator[bytes]:
    if tail is None:
        return _whole_lines(file)
    return iter(deque(_whole_lines(file), maxlen=max(tail, 0)))


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    # A line being written is left for the next read.
    while line := file.readline():
        if not line.endswith(b"\n"):
            file.seek(-len(line), os.SEEK_CUR)
            return
        yield line


def _follow(
    file: BinaryIO, end: Path, *, stop: threading.Event | None, is_over: Callable[[], bool]
) -> Iterator[LogEntry]:
    for turn in itertools.count():
        # Asked before the read: lines written before the end was marked are then read.
        ended = end.exists() or (turn % 10 == 0 and is_over())
        yield from map(_entry, _whole_lines(file))
        if ended or (stop is not None and stop.is_set()):
            return
        if stop is None:
            time.sleep(_POLL_SECONDS)
        else:
            stop.wait(_POLL_SECONDS)


def _entry(line: bytes) -> LogEntry:
    stamp, _, text = line.rstrip(b"\n").decode("utf-8", errors="replace").partition(" ")
    return LogEntry(time=stamp, text=text)


def _remove(directory: Path, run: int) -> None:
    for suffix in ("log", "end"):
        with contextlib.suppress(OSError):
            (directory / f"{run}.{suffix}").unlink()
