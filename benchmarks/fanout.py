"""A hundred jobs of four replicas: until all are accepted, and until all their pods exist.

The second is the operator's own: it may send so many requests per second, and a job of R replicas costs it
4 R + 3 (a pod, a service and an event for each, and its status). The same is measured with kubectl, so that
what is ours and what is the operator's can be told apart. There are no nodes: pods exist, and wait.

    python benchmarks/fanout.py
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import planes
import rounds
from harness.api import wait_until

_REPLICAS = 4
_PACES = {
    "its defaults": planes.OperatorPace(qps=20, burst=30, threads=1),
    "the test plane's flags": planes.OperatorPace(),
}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    count = parser.parse_args().jobs
    print(f"### {count} jobs of {_REPLICAS} replicas\n\nOnce each, {rounds.machine()}\n")
    print("| Operator | qps / burst / threads | Client | accepted s | pods exist s | computed s |")
    print("|---|---|---|---|---|---|")
    for name, pace in _PACES.items():
        for client, submit in {
            "tfjob_kit, one after another": _by_kit,
            "`kubectl apply -f`": _by_kubectl,
        }.items():
            accepted, existing = _measure(pace, submit, count)
            computed = max(0, count * (4 * _REPLICAS + 3) - pace.burst) / pace.qps
            limits = f"{pace.qps} / {pace.burst} / {pace.threads}"
            print(
                f"| {name} | {limits} | {client} | {accepted:.1f} | {existing:.1f} | {computed:.1f} |",
                flush=True,
            )
    print()


Submit = Callable[["planes.Plane", int, Path], None]


def _measure(pace: planes.OperatorPace, submit: Submit, count: int) -> tuple[float, float]:
    """Seconds until all jobs are accepted, and until all pods exist."""
    with planes.plane(pace=pace) as plane, tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        submit(plane, count, Path(folder))
        accepted = time.perf_counter() - begin
        wait_until(
            lambda: _count_pods(plane),
            lambda pods: pods == count * _REPLICAS,
            what=f"{count * _REPLICAS} pods",
            seconds=300,
        )
        return accepted, time.perf_counter() - begin


def _by_kit(plane: planes.Plane, count: int, folder: Path) -> None:
    from tfjob_kit import jobs
    from tfjob_kit.cluster import kube

    cluster = kube.connect(kubeconfig=plane.kubeconfig, environ={})
    for number in range(count):
        jobs.submit(cluster, planes.manifest(f"job-{number}"), submission=f"bench-{number}")


def _by_kubectl(plane: planes.Plane, count: int, folder: Path) -> None:
    items = [planes.manifest(f"job-{number}") for number in range(count)]
    file = folder / "jobs.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    command = [plane.binaries / "kubectl", f"--kubeconfig={plane.kubeconfig}", "--cache-dir", folder]
    subprocess.run(
        [*command, "apply", "--server-side", "-f", file], check=True, capture_output=True, cwd=folder
    )


def _count_pods(plane: planes.Plane) -> int:
    """From the metadata of one page, so that the counting is no load of its own."""
    page = plane.req("GET", "/api/v1/namespaces/default/pods?limit=1")
    time.sleep(0.2)
    return len(page["items"]) + int(page["metadata"].get("remainingItemCount", 0))


if __name__ == "__main__":
    main()
