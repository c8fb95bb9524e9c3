"""`list` and `status` in a namespace of 500 jobs, against `kubectl get`.

The jobs are suspended: nothing else goes on while it is measured.

    python benchmarks/reading.py
"""

from __future__ import annotations

import argparse
import copy
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import planes
import rounds
from harness.api import wait_until


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=rounds.ROUNDS)
    parser.add_argument("--jobs", type=int, default=500)
    arguments = parser.parse_args()
    with planes.plane() as plane, tempfile.TemporaryDirectory() as folder:
        _fill(plane, arguments.jobs)
        environ = {**rounds.environment(Path(folder)), "KUBECONFIG": str(plane.kubeconfig)}
        kubectl = str(plane.binaries / "kubectl")
        cases, peers = _cases(kubectl, job=f"job-{arguments.jobs // 2}")
        times = rounds.take_turns(cases, rounds=arguments.rounds, environ=environ, cwd=Path(folder))
        print(f"### Reading, {arguments.jobs} jobs\n\n{arguments.rounds} rounds, {rounds.machine()}\n")
        print(rounds.table(times, peers=peers) + "\n")


def _cases(kubectl: str, *, job: str) -> tuple[list[rounds.Case], dict[str, str]]:
    pairs = {
        "`tfjob-kit list`": [rounds.TOOL, "list"],
        "`kubectl get tfjobs`": [kubectl, "get", "tfjobs"],
        "`tfjob-kit list -o json`": [rounds.TOOL, "list", "-o", "json"],
        "`kubectl get tfjobs -o json`": [kubectl, "get", "tfjobs", "-o", "json"],
        "`tfjob-kit status`": [rounds.TOOL, "status", job],
        "`kubectl get tfjob`": [kubectl, "get", "tfjob", job],
        "`kubectl describe tfjob`": [kubectl, "describe", "tfjob", job],
    }
    names = list(pairs)
    peers = {
        names[0]: names[1], names[2]: names[3], names[4]: names[5], names[6]: names[5],
    }  # fmt: skip
    # 101 is what `status` says of a job that has not finished.
    cases = [
        rounds.Case(name=name, make=lambda _, c=command: c, codes=(0, 101)) for name, command in pairs.items()
    ]
    return cases, peers


def _fill(plane: planes.Plane, count: int) -> None:
    """Creates the jobs and waits until the operator has seen them all."""
    job = planes.manifest("job-0", suspend=True)

    def create(number: int) -> None:
        named = copy.deepcopy(job)
        named["metadata"]["name"] = f"job-{number}"
        plane.api.request("POST", planes.JOBS, named)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(count)))
    wait_until(
        lambda: [j for j in plane.req("GET", planes.JOBS)["items"] if "status" in j],
        lambda seen: len(seen) == count,
        what=f"{count} jobs that the operator has seen",
        seconds=180,
    )


if __name__ == "__main__":
    main()
