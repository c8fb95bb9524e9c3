"""Real processes under a keeper, in a state directory of their own; nothing may be left when a test ends."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit.cluster.local import LocalCluster, connect
from tfjob_kit.cluster.local.processes import process_tree
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import JobRef, PodRef

DEADLINE_SECONDS = 180.0


def eventually(condition: Callable[[], Any], *, what: str = "") -> Any:
    """The first true value of the condition; fails when there is none until the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not true: {what or condition}")
        time.sleep(0.02)
    return value


class Bench:
    """One engine, its jobs and ways to look at them."""

    def __init__(self, state: Path, **options: Any) -> None:
        self.state = state
        self.engine: LocalCluster = connect(state_dir=state, cwd=state.parent, **options)

    def submit(self, name: str, *command: str, policy: str = "Never", **options: Any) -> JobRef:
        self.engine.create(make_job(name, *command, policy=policy, **options))
        return JobRef(namespace="default", name=name)

    def dir(self, ref: JobRef) -> JobDir:
        return JobDir(path=self.state / "jobs" / ref.namespace / ref.name)

    def keeper(self, ref: JobRef) -> int:
        return int(self.dir(ref).keeper_lock.read_text())

    def condition(self, ref: JobRef) -> str:
        """The newest condition that is True."""
        conditions = self.engine.get(ref).get("status", {}).get("conditions") or []
        return next((c["type"] for c in reversed(conditions) if c["status"] == "True"), "")

    def wait_for(self, ref: JobRef, *states: str) -> dict[str, Any]:
        eventually(lambda: self.condition(ref) in states, what=f"{ref.name} {states}")
        return self.engine.get(ref)

    def pod(self, ref: JobRef, role: str = "chief", index: int = 0) -> dict[str, Any] | None:
        name = PodRef(job=ref, role=role, index=index).name
        return next((p for p in self.engine.pods(ref) if p["metadata"]["name"] == name), None)

    def lines(self, ref: JobRef, role: str = "chief", index: int = 0, **options: Any) -> list[str]:
        pod = PodRef(job=ref, role=role, index=index)
        return [entry.text for entry in self.engine.logs(pod, **options)]

    def printed(self, ref: JobRef, text: str, role: str = "chief") -> bool:
        try:
            return any(text in line for line in self.lines(ref, role))
        except Exception as error:
            if "has not started" in str(error):
                return False
            raise

    def reasons(self, ref: JobRef) -> list[str]:
        return [event["reason"] for event in self.engine.events(ref)]

    def processes(self, ref: JobRef) -> set[int]:
        return process_tree.marked(self.engine.get(ref)["metadata"]["uid"])


def make_job(
    name: str,
    *command: str,
    workers: int = 0,
    policy: str = "Never",
    run_policy: dict[str, Any] | None = None,
    gpus: int = 0,
    grace: int = 5,
    pod_spec: dict[str, Any] | None = None,
    **container: Any,
) -> dict[str, Any]:
    """A TFJob whose replicas all run the command; Chief alone without workers."""
    limits = {"limits": {"nvidia.com/gpu": str(gpus)}} if gpus else {}
    spec = {"name": "tensorflow", "image": "none", "command": list(command), "resources": limits, **container}
    role = {
        "restartPolicy": policy,
        "template": {
            "spec": {"containers": [spec], "terminationGracePeriodSeconds": grace, **(pod_spec or {})}
        },
    }
    roles = {
        "Chief": {"replicas": 1, **role},
        **({"Worker": {"replicas": workers, **role}} if workers else {}),
    }
    return json.loads(
        json.dumps(
            {
                "apiVersion": "kubeflow.org/v1",
                "kind": "TFJob",
                "metadata": {"name": name},
                "spec": {"runPolicy": run_policy or {}, "tfReplicaSpecs": roles},
            }
        )
    )


def ended_with(pod: dict[str, Any] | None) -> dict[str, Any]:
    """The `terminated` state of a pod; empty while it has none."""
    statuses = (pod or {}).get("status", {}).get("containerStatuses") or []
    return statuses[0]["state"].get("terminated", {}) if statuses else {}


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def make(**options: Any) -> Bench:
        benches.append(Bench(tmp_path / "state", **options))
        return benches[-1]

    yield make
    _end_everything(tmp_path / "state")


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def _end_everything(state: Path) -> None:
    for directory in [*state.glob("jobs/*/*"), *state.glob("jobs/*/.*")]:
        uid = _uid(directory)
        _kill_keeper(directory)
        eventually(lambda uid=uid: not process_tree.marked(uid), what=f"processes of {uid} end")


def _uid(directory: Path) -> str:
    try:
        return json.loads((directory / "job.json").read_text())["metadata"]["uid"]
    except (OSError, ValueError):
        return "no-such-job"


def _kill_keeper(directory: Path) -> None:
    try:
        pid = int((directory / "keeper.lock").read_text())
        if str(directory) in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        pass
