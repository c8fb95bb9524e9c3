"""How the one suite of the Cluster port drives an engine.

A test makes a job whose replicas wait, and tells each replica what to do: print a line, end with a code. The
same TFJob goes to every engine: its command obeys files in a directory; an engine without processes ignores
the command and is driven by its own controls.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest
from harness.api import wait_until
from harness.drive import Drive

from tfjob_kit import errors
from tfjob_kit.cluster import kube, local
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import Cluster, JobRef, Object, PodRef

T = TypeVar("T")

# A replica that does what `<directory>/<pod>.<number>.cmd` says, in order of the numbers.
_PUPPET = """
import os, pathlib, sys, time
directory, me = pathlib.Path(os.environ["PUPPET_DIR"]), os.environ["HOSTNAME"]
print("ready", flush=True)
while True:
    for file in sorted(directory.glob(me + ".*.cmd")):
        verb, _, rest = file.read_text().partition(" ")
        file.unlink()
        if verb == "print":
            print(rest, flush=True)
        if verb == "exit":
            code, _, message = rest.partition(" ")
            if message:
                log = os.environ.get("TFJOB_KIT_TERMINATION_LOG", "/dev/termination-log")
                pathlib.Path(log).write_text(message)
            sys.stdout.flush()
            os._exit(int(code))
    time.sleep(0.02)
"""


class Driver(Protocol):
    """An engine and the strings to its replicas."""

    cluster: Cluster
    puppet_dir: Path

    def write(self, pod: PodRef, text: str) -> None:
        """The running replica prints the line."""

    def exit(self, pod: PodRef, code: int, message: str = "") -> None:
        """The running replica ends."""


class FileDriver:
    """For engines that really run the command: the replicas read their orders from files."""

    def __init__(self, cluster: Cluster, puppet_dir: Path) -> None:
        self.cluster, self.puppet_dir = cluster, puppet_dir
        self._numbers = itertools.count()

    def write(self, pod: PodRef, text: str) -> None:
        self._order(pod, f"print {text}")

    def exit(self, pod: PodRef, code: int, message: str = "") -> None:
        self._order(pod, f"exit {code} {message}")

    def _order(self, pod: PodRef, text: str) -> None:
        file = self.puppet_dir / f"{pod.name}.{next(self._numbers):06}.cmd"
        draft = file.with_suffix(".draft")
        draft.write_text(text)
        os.rename(draft, file)


class FakeDriver:
    """For the engine in memory: its own controls."""

    def __init__(self, puppet_dir: Path) -> None:
        self.cluster = self._fake = FakeCluster()
        self.puppet_dir = puppet_dir

    def write(self, pod: PodRef, text: str) -> None:
        self._fake.write_log(pod, text)

    def exit(self, pod: PodRef, code: int, message: str = "") -> None:
        self._fake.exit(pod, code, message=message)


class KubeDriver:
    """For a real API server with fake nodes: what a kubelet would do is written into the pods' status."""

    def __init__(self, cluster: Cluster, drive: Drive, puppet_dir: Path) -> None:
        self.cluster, self._drive, self.puppet_dir = cluster, drive, puppet_dir

    def write(self, pod: PodRef, text: str) -> None:
        self._drive.write(pod.name, text)

    def exit(self, pod: PodRef, code: int, message: str = "") -> None:
        self._drive.exit(pod.name, code, message=message)


def _fake(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Driver]:
    yield FakeDriver(tmp_path)


def _local(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Driver]:
    engine = local.connect(state_dir=tmp_path / "state", cwd=tmp_path, find_gpus=list)
    try:
        yield FileDriver(engine, tmp_path)
    finally:
        _end_jobs(engine, tmp_path / "state")


def _kube(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Driver]:
    plane = request.getfixturevalue("fakes")
    drive = Drive(plane.api, "default", plane.logs)
    engine = kube.connect(kubeconfig=plane.kubeconfig, environ={})
    try:
        yield KubeDriver(engine, drive, tmp_path)
    finally:
        _delete_jobs(engine)


def _delete_jobs(engine: Cluster) -> None:
    """Deletes what a test has left and waits until its pods, whose names the next test uses, are gone."""
    refs = [JobRef(namespace="default", name=job["metadata"]["name"]) for job in engine.list()]
    for ref in refs:
        with contextlib.suppress(errors.JobNotFound):
            engine.delete(ref)
    names = {JobRef(namespace="default", name="job"), *refs}
    wait_until(
        lambda: [*engine.list(), *(pod for ref in names for pod in engine.pods(ref))], lambda left: not left
    )


def _end_jobs(engine: local.LocalCluster, state: Path) -> None:
    """Deletes what a test has left and waits until no keeper is there any more."""
    for job in engine.list():
        meta = job["metadata"]
        engine.delete(JobRef(namespace=meta["namespace"], name=meta["name"]))
    deadline = time.monotonic() + 120
    while any((state / "jobs").glob("*/*")):
        if time.monotonic() > deadline:
            pytest.fail("a job did not end")
        engine.list()
        time.sleep(0.02)


ENGINES: dict[str, Callable[[Path, pytest.FixtureRequest], Iterator[Driver]]] = {
    "fake": _fake,
    "kube": _kube,
    "local": _local,
}
"""Name -> generator that yields a driver and tidies up after it: one entry makes an engine pass the suite."""


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.cluster] * (name == "kube")) for name in sorted(ENGINES)]
)
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Driver]:
    puppet_dir = tmp_path / "puppets"
    puppet_dir.mkdir()
    yield from ENGINES[request.param](puppet_dir, request)


@pytest.fixture
def cluster(driver: Driver) -> Cluster:
    return driver.cluster


@pytest.fixture
def until() -> Callable[..., Any]:
    """Reads again until the value pleases; fails with the last value when it takes too long."""

    def wait(read: Callable[[], T], holds: Callable[[T], bool], *, seconds: float = 120) -> T:
        deadline = time.monotonic() + seconds
        while True:
            value = read()
            if holds(value):
                return value
            if time.monotonic() > deadline:
                pytest.fail(f"still not so after {seconds} s: {value}")
            time.sleep(0.02)

    return wait


@pytest.fixture
def make_job(driver: Driver) -> Callable[..., Object]:
    """A TFJob of waiting replicas."""

    def make(
        name: str = "job",
        *,
        chief: int = 1,
        worker: int = 1,
        restart_policy: str = "Never",
        labels: dict[str, str] | None = None,
        **run_policy: Any,
    ) -> Object:
        container = {
            "name": "tensorflow",
            "image": "example.invalid/puppet:1",
            "command": [sys.executable, "-S", "-c", _PUPPET],
            "env": [{"name": "PUPPET_DIR", "value": str(driver.puppet_dir)}],
        }
        sizes = {"Chief": chief, "Worker": worker}
        return {
            "apiVersion": "kubeflow.org/v1",
            "kind": "TFJob",
            "metadata": {"name": name, "namespace": "default", "labels": labels or {}},
            "spec": {
                "runPolicy": {"cleanPodPolicy": "None", **run_policy},
                "tfReplicaSpecs": {
                    role: {
                        "replicas": size,
                        "restartPolicy": restart_policy,
                        "template": {"spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}},
                    }
                    for role, size in sizes.items()
                    if size
                },
            },
        }

    return make


@pytest.fixture
def submit(
    cluster: Cluster, make_job: Callable[..., Object], running: Callable[..., Any]
) -> Callable[..., JobRef]:
    """Creates a job of waiting replicas, waits until all of them run, gives its identity."""

    def create(name: str = "job", **parts: Any) -> JobRef:
        cluster.create(make_job(name, **parts))
        ref = JobRef(namespace="default", name=name)
        running(ref, parts.get("chief", 1) + parts.get("worker", 1))
        return ref

    return create


@pytest.fixture
def running(cluster: Cluster, until: Callable[..., Any]) -> Callable[..., list[Object]]:
    """Waits until so many pods run, and gives them."""

    def wait(ref: JobRef, count: int) -> list[Object]:
        def runs(pods: list[Object]) -> bool:
            return len(pods) == count and all(is_running(pod) for pod in pods)

        return until(lambda: cluster.pods(ref), runs)

    return wait


@pytest.fixture
def condition(cluster: Cluster, until: Callable[..., Any]) -> Callable[..., Object]:
    """Waits until the job's condition of that type is True, and gives the job."""

    def wait(ref: JobRef, kind: str, status: str = "True") -> Object:
        def has_it(job: Object) -> bool:
            conditions = job.get("status", {}).get("conditions", [])
            return any(c["type"] == kind and c["status"] == status for c in conditions)

        return until(lambda: cluster.get(ref), has_it)

    return wait


def is_running(pod: Object) -> bool:
    statuses = pod["status"].get("containerStatuses") or [{}]
    deleted = "deletionTimestamp" in pod["metadata"]
    return "running" in statuses[0].get("state", {}) and not deleted


@pytest.fixture
def chief() -> PodRef:
    return PodRef(job=JobRef(namespace="default", name="job"), role="chief", index=0)


@pytest.fixture
def worker() -> PodRef:
    return PodRef(job=JobRef(namespace="default", name="job"), role="worker", index=0)
