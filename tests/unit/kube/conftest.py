"""A small API server in a thread: real sockets, real state, and faults on request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit.cluster import kube
from tfjob_kit.cluster.kube import KubeCluster
from tfjob_kit.cluster.kube.calls import retries
from tfjob_kit.cluster.port import JobRef, PodRef

from .fake_api import FakeApi

REF = JobRef(namespace="team", name="job")
CHIEF = PodRef(job=REF, role="chief", index=0)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    server = FakeApi()
    yield server
    server.close()


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that calls would have waited."""
    return []


@pytest.fixture
def pace(pauses: list[float]) -> retries.Pace:
    """Time goes on only by waiting, and chance is in the middle."""
    return retries.Pace(now=lambda: sum(pauses), sleep=pauses.append, chance=lambda: 0.5)


@pytest.fixture
def kubeconfig(api: FakeApi, tmp_path: Path) -> Path:
    file = tmp_path / "kubeconfig"
    file.write_text(config_text(api.url, "{token: secret}"))
    return file


@pytest.fixture
def cluster(kubeconfig: Path, pace: retries.Pace) -> KubeCluster:
    return kube.connect(kubeconfig=kubeconfig, environ={}, pace=pace)


def config_text(server: str, user: str) -> str:
    return f"""
current-context: here
contexts: [{{name: here, context: {{cluster: c, user: u, namespace: team}}}}]
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: u, user: {user}}}]
"""


def make_job(name: str = "job", submission: str | None = "s-1") -> dict[str, Any]:
    container = {"name": "tensorflow", "image": "example.invalid/tf:1"}
    annotations = {"tfjob-kit/submission": submission} if submission else {}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": name, "namespace": "team", "annotations": annotations},
        "spec": {
            "tfReplicaSpecs": {
                "Chief": {"replicas": 1, "template": {"spec": {"containers": [container]}}},
                "Worker": {"replicas": 1, "template": {"spec": {"containers": [container]}}},
            }
        },
    }


def make_pod(
    name: str = "job-chief-0", *, state: str = "running", uid: str = "pod-1", run: str = "c-1"
) -> dict[str, Any]:
    labels = {
        "training.kubeflow.org/job-name": "job",
        "training.kubeflow.org/operator-name": "tfjob-controller",
        "training.kubeflow.org/replica-type": "chief",
        "training.kubeflow.org/replica-index": "0",
    }
    status = {"name": "tensorflow", "containerID": run, "restartCount": 0, "state": {state: {}}}
    return {
        "metadata": {"name": name, "namespace": "team", "uid": uid, "labels": labels},
        "status": {"containerStatuses": [status]},
    }
