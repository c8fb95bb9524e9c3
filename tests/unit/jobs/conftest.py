"""A job of the fake engine: chief and workers that a test plays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import JobRef, PodRef
from tfjob_kit.jobs import Event, follow

DEADLINE_SECONDS = 20
JOB = JobRef(namespace="default", name="digits")
CHIEF = PodRef(job=JOB, role="chief", index=0)
WORKER = PodRef(job=JOB, role="worker", index=0)


def make_job(
    *, policy: str = "ExitCode", command: list[str] | None = None, **run_policy: Any
) -> dict[str, Any]:
    def role(replicas: int) -> dict[str, Any]:
        container = {
            "name": "tensorflow",
            "image": "registry.example/train:1",
            "command": command or ["python", "-m", "tfjob_kit.runtime"],
            "resources": {"limits": {"memory": "16Gi", "nvidia.com/gpu": "1"}},
        }
        return {
            "replicas": replicas,
            "restartPolicy": policy,
            "template": {"spec": {"containers": [container]}},
        }

    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": JOB.name, "namespace": JOB.namespace},
        "spec": {
            "runPolicy": {"cleanPodPolicy": "None", **run_policy},
            "tfReplicaSpecs": {"Chief": role(1), "Worker": role(1)},
        },
    }


class Follower:
    """Follows the job in a thread and keeps what it is told."""

    def __init__(self, cluster: Any, **options: Any) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None
        self.stop = threading.Event()
        self._news = threading.Condition()
        self._options = {"patience": 0.5, **options}
        self._thread = threading.Thread(target=self._run, args=(cluster,), daemon=True)
        self._thread.start()

    def _run(self, cluster: Any) -> None:
        try:
            for event in follow(cluster, JOB, stop=self.stop, **self._options):
                with self._news:
                    self.events.append(event)
                    self._news.notify_all()
        except Exception as error:
            self.error = error

    def until(self, condition: Callable[[list[Event]], bool]) -> list[Event]:
        """Waits for the condition to hold of all events so far."""
        with self._news:
            assert self._news.wait_for(lambda: condition(self.events), timeout=DEADLINE_SECONDS), self.events
        return self.events

    def to_end(self) -> list[Event]:
        """All events, once the stream has ended."""
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive(), self.events
        return self.events

    def close(self) -> None:
        self.stop.set()
        self._thread.join(DEADLINE_SECONDS)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def following() -> Iterator[Callable[..., Follower]]:
    """Starts followers and ends them."""
    started: list[Follower] = []

    def start(cluster: Any, **options: Any) -> Follower:
        started.append(Follower(cluster, **options))
        return started[-1]

    yield start
    for follower in started:
        follower.close()
