"""On a real API server: the question before a creation, and a budget against drains."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.api import Refused, wait_until
from harness.drive import Drive
from harness.plane import Plane

pytestmark = pytest.mark.cluster

SECONDS = 120


@pytest.fixture
def on_terminal(fakes: Plane, ns: str, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs `tfjob-kit` on a terminal of its own and answers with the given text; exit code and screen."""

    def run(answer: str, *arguments: str) -> tuple[int, str]:
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "tfjob_kit.cli", *arguments, "--namespace", ns],
            cwd=tmp_path,
            env={**os.environ, "TFJOB_KIT_KUBECONFIG": str(fakes.kubeconfig), "NO_COLOR": "1"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        os.write(master, answer.encode())
        parts: list[bytes] = []
        try:
            while data := os.read(master, 65536):
                parts.append(data)
        except OSError:  # Linux' end of file of a terminal
            pass
        os.close(master)
        return process.wait(timeout=SECONDS), b"".join(parts).decode()

    return run


@pytest.fixture
def empty_nodes(fakes: Plane) -> None:
    """Earlier tests' pods are gone: a namespace that is deleted takes its time."""

    def pods() -> list[str]:
        return [p["metadata"]["name"] for p in fakes.req("GET", "/api/v1/pods")["items"]]

    wait_until(pods, lambda names: not names, what="pods of earlier tests", seconds=SECONDS)


@pytest.mark.usefixtures("empty_nodes")
def test_a_run_is_shown_checked_and_asked_for_before_it_is_created(on_terminal, drive, fakes, ns):
    run = ("run", "gpus=2", "--name", "job", "--detach")
    code, shown = on_terminal("n\n", *run)
    assert (3, True) == (code, "error: nothing was created" in shown), shown
    assert "  capacity     fits now: " in shown
    with pytest.raises(Refused, match="404"):
        drive.job("job")
    code, shown = on_terminal("y\n", *run)
    assert (0, True) == (code, "create it? [y/N]" in shown), shown
    assert 2 == len(drive.wait_running("job", 2))
    code, shown = on_terminal("y\n", "run", "gpus=2x8", "--name", "large", "--detach")
    assert (3, True) == (code, "the job can never run here: a replica needs 8 nvidia.com/gpu" in shown), shown


def test_a_quota_that_can_never_be_met_is_said_before(on_terminal, fakes, ns):
    body = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team"},
        "spec": {"hard": {"requests.nvidia.com/gpu": "2"}},
    }
    fakes.req("POST", f"/api/v1/namespaces/{ns}/resourcequotas", body)
    code, shown = on_terminal("y\n", "run", "gpus=4", "--name", "job", "--detach")
    assert 3 == code
    assert "quota `team`: the job needs 4 requests.nvidia.com/gpu, it grants 2" in shown


def test_a_protected_job_is_not_evicted(on_terminal, drive: Drive, fakes: Plane, ns: str):
    code, shown = on_terminal(
        "y\n", "run", "gpus=2", "job.protect_from_drain=true", "--name", "job", "--detach"
    )
    assert (0, True) == (code, "poddisruptionbudget/job" in shown), shown
    drive.wait_running("job", 2)
    budget = f"/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets/job"
    wait_until(lambda: _status(fakes, budget).get("currentHealthy") == 2, what="the budget is computed")
    with pytest.raises(Refused, match="429"):
        drive.evict("job-worker-0")
    assert "Running" == drive.pod("job-worker-0")["status"]["phase"]
    fakes.req("DELETE", f"/apis/kubeflow.org/v1/namespaces/{ns}/tfjobs/job")
    wait_until(
        lambda: not fakes.req("GET", budget.removesuffix("/job"))["items"],
        what="the budget goes with the job",
    )


def _status(fakes: Plane, path: str) -> dict[str, Any]:
    return fakes.req("GET", path).get("status") or {}
