"""Commands that take turns, and tables of what they took."""

from __future__ import annotations

import os
import resource
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
class Taken:
    """What one command took, seconds; `cpu` hardly depends on what else the machine does."""

    wall: float
    cpu: float


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
) -> dict[str, list[Taken]]:
    """What each case took in each round, after a first one that fills the caches.

    Raises:
        RuntimeError: A command failed.
    """
    times: dict[str, list[Taken]] = {case.name: [] for case in cases}
    for number in range(rounds + 1):
        for case in cases:
            case.prepare(number)
            taken = _run(case, number, environ=environ, cwd=cwd)
            if number:
                times[case.name].append(taken)
    return times


def _run(case: Case, number: int, *, environ: Mapping[str, str], cwd: Path) -> Taken:
    before, begin = _cpu_of_children(), time.perf_counter()
    done = subprocess.run(case.make(number), cwd=cwd, env=environ, capture_output=True, text=True)
    taken = Taken(wall=time.perf_counter() - begin, cpu=_cpu_of_children() - before)
    if done.returncode not in case.codes:
        raise RuntimeError(f"{case.name} ended with {done.returncode}: {done.stderr}")
    return taken


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(times: Mapping[str, Sequence[Taken]], *, peers: Mapping[str, str]) -> str:
    """Milliseconds, and the ratio of medians; `peers`: case -> the one that it is measured by."""
    lines = ["| Command | min ms | median ms | x peer | CPU ms |", "|---|---|---|---|---|"]
    for name, found in times.items():
        walls = [taken.wall for taken in found]
        ratio = ""
        if name in peers:
            peer = statistics.median(taken.wall for taken in times[peers[name]])
            ratio = f"{statistics.median(walls) / peer:.2f}"
        cpu = statistics.median(taken.cpu for taken in found)
        cells = [
            f"{min(walls) * 1000:.0f}",
            f"{statistics.median(walls) * 1000:.0f}",
            ratio,
            f"{cpu * 1000:.0f}",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine() -> str:
    """`2 cores, load 0.4, Python 3.11.7`."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {version}"
