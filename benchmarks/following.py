"""Memory and API requests of one process that follows fifty jobs of four replicas.

python benchmarks/following.py
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import planes
import rounds
from harness.api import wait_until
from harness.proxy import FaultProxy

_REPLICAS = 4
_SECONDS = 30


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _follow(Path(arguments.child), arguments.jobs)
        return
    nodes = [planes.FakeNode(name=f"gpu-{n}", gpus=64, cpu="512", memory="4Ti") for n in range(4)]
    with planes.plane(nodes=nodes, logs=True) as plane:
        _measure(plane, arguments.jobs)


def _measure(plane: planes.Plane, count: int) -> None:
    pods = _start_jobs(plane, count)
    proxy = FaultProxy(plane.url, plane.certificates.folder).start()
    with tempfile.TemporaryDirectory() as folder:
        config = proxy.write_kubeconfig(Path(folder) / "counted")
        proxy.begin()
        command = [sys.executable, __file__, "--child", str(config), "--jobs", str(count)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        try:
            before = int(child.stdout.readline())
            # Each pod prints a line: all have come when all logs are attached.
            for pod in pods:
                plane.logs.write("default", pod, "a line")
            child.stdout.readline()
            attached = len(proxy.requests)
            memory = _memory(child.pid)
            _print_lines(plane, pods, seconds=_SECONDS)
            later = proxy.requests[attached:]
            busy = _memory(child.pid)
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
    proxy.close()
    kinds = Counter(_kind(request.path) for request in proxy.requests[:attached])
    print(f"### Following {count} jobs of {_REPLICAS} replicas in one process\n\nOnce, {rounds.machine()}\n")
    print("| What | |\n|---|---|")
    print(f"| memory before, MiB | {before / 1024:.0f} |")
    print(f"| memory with all logs attached, MiB | {memory / 1024:.0f} |")
    print(f"| memory after {_SECONDS} s of a line per second and replica, MiB | {busy / 1024:.0f} |")
    print(f"| requests until all is attached | {attached}: {dict(kinds.most_common())} |")
    print(f"| requests in the {_SECONDS} s after that | {len(later)} |\n")


def _start_jobs(plane: planes.Plane, count: int) -> list[str]:
    """Creates the jobs; gives the pods' names once all run."""
    for number in range(count):
        plane.req("POST", planes.JOBS, planes.manifest(f"job-{number}"))
    running = "/api/v1/namespaces/default/pods?fieldSelector=status.phase%3DRunning"
    found = wait_until(
        lambda: plane.req("GET", running)["items"],
        lambda pods: len(pods) == count * _REPLICAS,
        what="running pods",
        seconds=240,
    )
    return [pod["metadata"]["name"] for pod in found]


def _print_lines(plane: planes.Plane, pods: list[str], *, seconds: int) -> None:
    for number in range(seconds):
        begin = time.monotonic()
        for pod in pods:
            plane.logs.write("default", pod, f"step={number} loss=0.5")
        time.sleep(max(0.0, 1 - (time.monotonic() - begin)))


def _memory(pid: int) -> int:
    """Resident, KiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def _kind(path: str) -> str:
    place, _, query = path.partition("?")
    what = next((word for word in ("events", "tfjobs", "pods") if f"/{word}" in place), "other")
    if place.endswith("/log"):
        return "logs"
    return f"watch {what}" if "watch=" in query else f"get {what}"


def _follow(kubeconfig: Path, count: int) -> None:
    """The process that is measured: says its memory, follows, and says when each replica has been heard."""
    from tfjob_kit import jobs
    from tfjob_kit.cluster import kube
    from tfjob_kit.cluster.port import JobRef

    cluster = kube.connect(kubeconfig=kubeconfig, environ={})
    cluster.list(namespace="default")
    print(_memory(os.getpid()), flush=True)
    heard: set[tuple[str, str]] = set()
    all_heard = threading.Event()

    def follow(name: str) -> None:
        for event in jobs.follow(cluster, JobRef(namespace="default", name=name), stop=threading.Event()):
            if type(event).__name__ == "LogLine":
                heard.add((name, event.replica))  # pyright: ignore
                if len(heard) == count * _REPLICAS:
                    all_heard.set()

    for number in range(count):
        threading.Thread(target=follow, args=[f"job-{number}"], daemon=True).start()
    all_heard.wait()
    print("attached", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
