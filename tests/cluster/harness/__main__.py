"""`python -m harness build|up|down`, behind `make cluster`, `make cluster-up` and `make cluster-down`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from harness import binaries, standing
from harness.plane import PlaneFailed

_USE = """
The cluster runs: {nodes}, the training-operator, nothing of it outside this machine.

    export KUBECONFIG={kubeconfig}
    tfjob-kit run model=digits_cnn gpus=2

Pods are fake: they print lines like a training for a minute and succeed. More of what they can do:
tests/cluster/harness/stages.yaml. kubectl is {kubectl}
Started in {seconds:.1f} s; ends with `make cluster-down`
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m harness")
    verbs = parser.add_subparsers(dest="verb", required=True)
    build = verbs.add_parser("build", help="build the programs into the cache")
    build.add_argument("part", nargs="?", default="plane", choices=[*binaries.PARTS, "all"])
    build.add_argument("--jobs", type=int, help="how many packages are compiled at once")
    verbs.add_parser("up", help="start a cluster that stays")
    verbs.add_parser("down", help="end it")
    verbs.add_parser("keep").add_argument("folder", type=Path)
    arguments = parser.parse_args()
    try:
        return _run(arguments)
    except (binaries.CannotBuild, PlaneFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    if arguments.verb == "build":
        return _build(arguments.part, arguments.jobs)
    if arguments.verb == "keep":
        standing.keep(arguments.folder)
        return 0
    folder = standing.folder_of(os.environ)
    if arguments.verb == "up":
        return _up(folder)
    print("The cluster has ended" if standing.end(folder) else "No cluster is running")
    return 0


def _build(part: str, jobs: int | None) -> int:
    root = binaries.cache_root(os.environ)
    for name in binaries.PARTS if part == "all" else [part]:
        folder = binaries.build(root, name, jobs=jobs)
        print(f"The test cluster's programs ({name}) are in {folder}")
    return 0


def _up(folder: Path) -> int:
    programs = binaries.find(binaries.cache_root(os.environ))
    if programs is None:
        print("error: the test cluster is not built; run `make cluster` (needs Go 1.26)", file=sys.stderr)
        return 1
    began = time.monotonic()
    plane = standing.start(folder, programs)
    nodes = [
        f"{node.name} ({node.gpus} {node.gpu_type})" if node.gpus else node.name for node in standing.NODES
    ]
    print(
        _USE.format(
            nodes=", ".join(nodes),
            kubeconfig=plane.kubeconfig,
            kubectl=programs / "kubectl",
            seconds=time.monotonic() - began,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
