"""Commands that take turns, and tables of what they took."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TOOL = str(Path(sys.executable).parent / "tfjob-kit")
ROUNDS = 15


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command.

    Attributes:
        name: In the table.
        make: The command of a round, given its number.
        prepare: Done before each round, outside of the measured time.
        codes: Exit codes that are no failure.
    """

    name: str
    make: Callable[[int], Sequence[str]]
    prepare: Callable[[int], object] = lambda _: None
    codes: tuple[int, ...] = (0,)


def environment(home: Path) -> dict[str, str]:
    """What the commands see: a home of their own; compiled modules are kept, as in an installation."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environ, "HOME": str(home), "PYTHONPYCACHEPREFIX": str(home / "compiled")}


def take_turns(
    cases: Sequence[Case], *, rounds: int, environ: Mapping[str, str], cwd: Path
) -> dict[str, list[float]]:
    """Seconds of each case in each round, after a first one that fills the caches.

    Raises:
        RuntimeError: A command failed.
    """
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    for number in range(rounds + 1):
        for case in cases:
            case.prepare(number)
            begin = time.perf_counter()
            done = subprocess.run(case.make(number), cwd=cwd, env=environ, capture_output=True, text=True)
            if done.returncode not in case.codes:
                raise RuntimeError(f"{case.name} ended with {done.returncode}: {done.stderr}")
            if number:
                times[case.name].append(time.perf_counter() - begin)
    return times


def table(times: Mapping[str, Sequence[float]], *, peers: Mapping[str, str]) -> str:
    """Milliseconds, and the ratio of medians; `peers`: case -> the one that it is measured by."""
    lines = ["| Command | min ms | median ms | x peer |", "|---|---|---|---|"]
    for name, found in times.items():
        ratio = ""
        if name in peers:
            ratio = f"{statistics.median(found) / statistics.median(times[peers[name]]):.2f}"
        lines.append(
            f"| {name} | {min(found) * 1000:.0f} | {statistics.median(found) * 1000:.0f} | {ratio} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """`2 cores, load 0.4, Python 3.11.7`."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {version}"
