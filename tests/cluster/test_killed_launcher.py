"""A launcher that is killed at any of its API calls leaves nothing, or one job that owns all there is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.faults import Hook
from harness.plane import Plane
from harness.proxy import FaultProxy

from tfjob_kit.cluster.port import INCOMPLETE_ANNOTATION

pytestmark = pytest.mark.cluster

SECONDS = 120
WITH_COMPANIONS = ("code=bundle", "job.protect_from_drain=true")
KINDS = {
    "configmaps": "/api/v1/namespaces/{ns}/configmaps",
    "budgets": "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
    "pods": "/api/v1/namespaces/{ns}/pods",
    "services": "/api/v1/namespaces/{ns}/services",
    "jobs": "/apis/kubeflow.org/v1/namespaces/{ns}/tfjobs",
}


@pytest.fixture(scope="module")
def proxy(fakes: Plane) -> Iterator[FaultProxy]:
    with contextlib.closing(FaultProxy(fakes.url, fakes.certificates.folder).start()) as started:
        yield started


class Launcher:
    """`tfjob-kit run --detach --yes` behind the proxy, in a project with a model of its own."""

    def __init__(self, proxy: FaultProxy, folder: Path, ns: str) -> None:
        self.proxy, self.folder = proxy, folder
        self.kubeconfig = proxy.write_kubeconfig(folder / "kubeconfig", namespace=ns)
        (folder / "models").mkdir()
        (folder / "models/tiny.py").write_text("def build(params): ...\n")

    def start(self, name: str, *overrides: str) -> subprocess.Popen[str]:
        arguments = ["run", "model=digits_cnn", "model.name=tiny", "gpus=0", *overrides]
        return subprocess.Popen(
            [sys.executable, "-m", "tfjob_kit.cli", *arguments, "--name", name, "--detach", "--yes"],
            cwd=self.folder,
            env={**os.environ, "TFJOB_KIT_KUBECONFIG": str(self.kubeconfig)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, *overrides: str) -> list[str]:
        """Runs to the end; what was asked of the API server, as `METHOD resource`."""
        self.proxy.begin()
        process = self.start(name, *overrides)
        _, said = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said
        return [f"{request.method} {request.path.partition('?')[0]}" for request in self.proxy.requests]

    def run_and_kill(self, name: str, *overrides: str, number: int, after: bool) -> None:
        """Kills it with SIGKILL at its request of that number."""
        started: list[subprocess.Popen[str]] = []
        self.proxy.begin(hook=Hook(number=number, after=after, act=lambda: started[0].kill()))
        started.append(self.start(name, *overrides))
        started[0].communicate(timeout=SECONDS)
        assert -signal.SIGKILL == started[0].returncode


@pytest.fixture
def launcher(proxy: FaultProxy, tmp_path: Path, ns: str) -> Launcher:
    return Launcher(proxy, tmp_path, ns)


@pytest.fixture
def belongings(fakes: Plane, ns: str) -> Callable[[str], dict[str, list[dict[str, Any]]]]:
    """What of a job is in the cluster, by kind."""

    def read(name: str) -> dict[str, list[dict[str, Any]]]:
        listed = {kind: fakes.req("GET", path.format(ns=ns))["items"] for kind, path in KINDS.items()}
        return {kind: [thing for thing in things if _is_of(thing, name)] for kind, things in listed.items()}

    return read


def _is_of(thing: dict[str, Any], name: str) -> bool:
    return thing["metadata"]["name"] == name or thing["metadata"]["name"].startswith(f"{name}-")


def test_killed_at_each_call_it_leaves_nothing_or_one_owned_job_which_the_next_run_completes(
    launcher, belongings
):
    calls = launcher.run("whole", *WITH_COMPANIONS)
    check_whole(belongings, "whole")
    for number in range(len(calls)):
        for after in (False, True):
            name = f"cut-{number}-{'after' if after else 'before'}"
            launcher.run_and_kill(name, *WITH_COMPANIONS, number=number, after=after)
            left = belongings(name)
            check_nothing_or_owned(left)
            if left["jobs"]:  # else the next run is one like the first
                launcher.run(name, *WITH_COMPANIONS)
                check_whole(belongings, name)


@pytest.mark.parametrize("after", [False, True])
def test_a_job_that_owns_nothing_is_one_call_and_there_or_not(launcher, belongings, after):
    assert 1 == len(launcher.run("whole"))
    launcher.run_and_kill("cut", number=0, after=after)
    assert int(after) == len(belongings("cut")["jobs"])
    launcher.run("cut")
    job = eventually(lambda: belongings("cut"), lambda found: len(found["pods"]) == 1)["jobs"]
    assert [False] == [is_incomplete(thing) for thing in job]


def check_nothing_or_owned(found: dict[str, list[dict[str, Any]]]) -> None:
    """At this very moment, whatever the operator and the garbage collector still do."""
    assert len(found["jobs"]) <= 1
    owners = {job["metadata"]["uid"] for job in found["jobs"]}
    for kind in ("configmaps", "budgets", "pods", "services"):
        for thing in found[kind]:
            assert owners == {owner["uid"] for owner in thing["metadata"]["ownerReferences"]}, kind
    for job in found["jobs"]:
        if is_incomplete(job):
            assert job["spec"]["runPolicy"]["suspend"] is True
            assert [] == found["pods"]


def check_whole(belongings: Callable[[str], dict[str, list[dict[str, Any]]]], name: str) -> None:
    """One job that runs and owns its code and its budget."""
    found = eventually(lambda: belongings(name), lambda found: len(found["pods"]) == 1)
    check_nothing_or_owned(found)
    (job,) = found["jobs"]
    assert not is_incomplete(job)
    assert job["spec"]["runPolicy"]["suspend"] is False
    (code,), (budget,) = found["configmaps"], found["budgets"]
    assert {"models.tiny.py": "def build(params): ...\n"} == code["data"]
    assert code["immutable"] is True
    assert 1 == budget["spec"]["minAvailable"]


def is_incomplete(job: dict[str, Any]) -> bool:
    return INCOMPLETE_ANNOTATION in job["metadata"]["annotations"]


def eventually(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + SECONDS
    while not holds(value := read()):
        assert time.monotonic() < deadline, value
        time.sleep(0.02)
    return value
