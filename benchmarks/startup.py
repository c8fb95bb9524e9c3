"""How long commands take before they do anything, against a hello program on the same typer.

Prints a table: minimum and median of the runs, and the ratio of the minima to the hello program's. The
commands take turns within each round, so that a busy machine slows all of them alike.

    make bench
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import rounds

TOOL = str(Path(sys.executable).parent / "tfjob-kit")
HELLO = """
import typer, typer.core
typer.core.HAS_RICH = False
app = typer.Typer(rich_markup_mode=None, add_completion=False)
@app.command()
def hello(name: str): pass
app(["--help"])
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command; its time is compared with the budget, a multiple of the hello program's."""

    name: str
    command: list[str]
    budget: float | None = None


CASES = [
    Case(name="python -c pass", command=[sys.executable, "-c", "pass"]),
    Case(name="typer hello --help", command=[sys.executable, "-c", HELLO]),
    Case(name="import typer, omegaconf", command=[sys.executable, "-c", "import typer, omegaconf"]),
    Case(name="tfjob-kit --help", command=[TOOL, "--help"], budget=1.15),
    Case(name="tfjob-kit --version", command=[TOOL, "--version"], budget=1.15),
    Case(name="tfjob-kit config show", command=[TOOL, "config", "show"]),
    Case(name="tfjob-kit render", command=[TOOL, "render", "model=resnet50", "gpus=4", "--name", "x"]),
    Case(name="tfjob-kit render modle=x (error)", command=[TOOL, "render", "modle=x"]),
]
PEER = "typer hello --help"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    count = parser.parse_args().rounds
    times: dict[str, list[float]] = {case.name: [] for case in CASES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count + 1):
            for case in CASES:
                seconds = _seconds(case.command, Path(folder))
                if number:  # The first round fills the disk cache.
                    times[case.name].append(seconds)
    _print(times, count)


def _seconds(command: list[str], folder: Path) -> float:
    environ = rounds.environment(folder)
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def _print(times: dict[str, list[float]], count: int) -> None:
    peer = min(times[PEER])
    print(f"### Start-up\n\n{count} rounds, {rounds.machine()}\n")
    print("| Command | min ms | median ms | x hello | budget |\n|---|---|---|---|---|")
    for case in CASES:
        found = times[case.name]
        cells = [
            f"{min(found) * 1000:.0f}",
            f"{statistics.median(found) * 1000:.0f}",
            f"{min(found) / peer:.2f}",
        ]
        print(f"| `{case.name}` | {' | '.join(cells)} | {case.budget or ''} |")
    print()


if __name__ == "__main__":
    main()
