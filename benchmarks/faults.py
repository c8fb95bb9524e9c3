"""Two thousand lives of a job, a quarter of whose requests meet a fault: what must hold, counted.

Seeds are the schedule: a failure names its seed, and `--first SEED --count 1` plays it again.

    python benchmarks/faults.py
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import planes
import rounds
from fault_trials import Tally, Trials, Violated
from harness.drive import make_namespace

_BATCH = 20


def main() -> int:
    """Plays and prints; 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.25, help="of requests that meet a fault")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    begin = time.monotonic()
    tally, violations = Tally(), []
    with planes.plane() as plane:
        for played in _play(plane, arguments):
            tally.add(played[0])
            violations += played[1]
            seconds = time.monotonic() - begin
            told = f"{tally.trials} of {arguments.count}, {seconds:.0f} s, {len(violations)} violations"
            print(f"\r{told}", end="", file=sys.stderr)
    print(file=sys.stderr)
    _print(tally, violations, arguments, time.monotonic() - begin)
    return 1 if violations else 0


def _play(plane: planes.Plane, arguments: argparse.Namespace) -> Iterator[tuple[Tally, list[str]]]:
    seeds = range(arguments.first, arguments.first + arguments.count)
    batches = [seeds[start : start + _BATCH] for start in range(0, len(seeds), _BATCH)]
    for number in range(arguments.processes):
        make_namespace(plane.api, f"trials-{number}")
    # A fresh interpreter for each: a fork would take the threads' locks along.
    context = multiprocessing.get_context("spawn")
    places = context.Queue()
    for number in range(arguments.processes):
        places.put(f"trials-{number}")
    work = [(plane.folder, batch, arguments.share) for batch in batches]
    with context.Pool(arguments.processes, _begin, [places]) as pool:
        yield from pool.imap_unordered(_play_batch, work)


_place = ""


def _begin(places: multiprocessing.Queue[str]) -> None:
    global _place
    _place = places.get()


def _play_batch(work: tuple[Path, range, float]) -> tuple[Tally, list[str]]:
    folder, seeds, share = work
    violations: list[str] = []
    with tempfile.TemporaryDirectory() as home:
        trials = Trials(planes.Plane.attach(folder), _place, Path(home))
        with contextlib.closing(trials):
            for seed in seeds:
                try:
                    trials.run(seed, share=share)
                except Violated as violated:
                    violations.append(str(violated))
        return trials.tally, violations


def _print(tally: Tally, violations: list[str], arguments: argparse.Namespace, seconds: float) -> None:
    last = arguments.first + arguments.count - 1
    print(f"### Faults\n\nSeeds {arguments.first} to {last}, {seconds:.0f} s, {rounds.machine()}\n")
    faults = sum(tally.faults.values())
    print("| What | |\n|---|---|")
    print(f"| schedules | {tally.trials} |\n| verbs | {tally.verbs} |\n| requests | {tally.requests} |")
    print(f"| of them met a fault | {faults} ({100 * faults / max(1, tally.requests):.0f} %) |")
    for kind, count in sorted(tally.faults.items()):
        print(f"| ... {kind} | {count} |")
    print(f"| verbs that ended in an error of ours | {dict(tally.refused)} |")
    print(f"| **violations** | **{len(violations)}** |\n")
    for text in violations[:5]:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
