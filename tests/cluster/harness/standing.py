"""The cluster that `make cluster-up` leaves running, and the keeper that plays its pods."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from harness import binaries, processes
from harness.acting import Actors
from harness.api import Refused, wait_until
from harness.nodes import FakeNode
from harness.plane import Plane, PlaneFailed

FOLDER_VARIABLE = "TFJOB_KIT_CLUSTER_DIR"
NODES = (
    *(FakeNode(name=f"a100-{number}") for number in range(3)),
    FakeNode(name="l4-0", gpus=8, gpu_type="NVIDIA-L4"),
    FakeNode(name="cpu-0", gpus=0),
)
_KEEPER = "keeper.json"
_ROOT = Path(__file__).parents[3]


def folder_of(environ: Mapping[str, str]) -> Path:
    """Where the standing cluster has its things."""
    return Path(environ.get(FOLDER_VARIABLE) or binaries.cache_root(environ) / "standing").resolve()


def start(folder: Path, programs: Path) -> Plane:
    """Starts the cluster and its keeper, in place of one that has ended.

    Raises:
        PlaneFailed: One is running there already, or a component did not come up.
    """
    if is_running(folder):
        raise PlaneFailed(f"a cluster is running already: {folder / 'admin.kubeconfig'}")
    end(folder)
    plane = Plane(folder, programs, stays=True).start()
    keeper = processes.spawn(
        [sys.executable, "-m", "harness", "keep", str(folder)],
        folder=_ROOT,
        log=folder / "keeper.log",
        environ={"PYTHONPATH": f"{_ROOT / 'tests' / 'cluster'}:{_ROOT}"},
        stays=True,
    )
    wait_until(
        lambda: (folder / _KEEPER).exists() or keeper.poll() is not None, what="the keeper of fake pods"
    )
    if keeper.poll() is not None:
        plane.stop()
        raise PlaneFailed(f"the keeper ended\n{processes.tail(folder / 'keeper.log')}")
    return plane


def end(folder: Path) -> bool:
    """Ends the cluster and removes its folder; whether there was one."""
    if not (folder / "state.json").exists():
        return False
    if (folder / _KEEPER).exists():
        processes.kill(json.loads((folder / _KEEPER).read_text())["pid"])
    Plane.attach(folder).stop(remove=True)
    return True


def is_running(folder: Path) -> bool:
    """Whether the API server of a standing cluster runs."""
    if not (folder / "state.json").exists():
        return False
    plane = Plane.attach(folder)
    return processes.is_alive(plane.pids["apiserver"])


def keep(folder: Path) -> None:
    """Serves the lines of fake pods and plays them, until the cluster is ended."""
    plane = Plane.attach(folder)
    logs = plane.serve_logs()
    plane.add_nodes(NODES)
    (folder / _KEEPER).write_text(json.dumps({"pid": os.getpid()}))
    actors = Actors(plane.api, logs)
    while processes.is_alive(plane.pids["apiserver"]):
        with contextlib.suppress(OSError, Refused):  # the API server may be starting again
            actors.tick(time.monotonic())
        time.sleep(1)
