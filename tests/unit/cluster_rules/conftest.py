from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.rules import kubelet

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _job(
    *,
    restart_policy: str = "ExitCode",
    run_policy: dict | None = None,
    spec: dict | None = None,
    **sizes: int,
) -> dict[str, Any]:
    container = {"name": "tensorflow", "image": "example.invalid/tf:1", "command": ["train"]}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": "job", "namespace": "ns", "uid": "job-uid"},
        "spec": {
            "runPolicy": {"cleanPodPolicy": "Running", **(run_policy or {})},
            "tfReplicaSpecs": {
                role: {
                    "replicas": size,
                    "restartPolicy": restart_policy,
                    "template": {"spec": {"containers": [dict(container)]}},
                }
                for role, size in (sizes or {"Chief": 1, "Worker": 2}).items()
            },
            **(spec or {}),
        },
    }


class World:
    """A job and its pods under the rules alone: a test changes pods, `look` does what the rules ask."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.now = START
        self.pods: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[str, str]] = []
        self.deleted = False
        self.wake_at: datetime | None = None
        self.made = 0

    def look(self) -> list[str]:
        """One look; gives what was done to pods, `+name` and `-name`."""
        outcome = rules.reconcile(self.job, pods=list(self.pods.values()), now=self.now)
        self.job = {**self.job, "status": outcome.status}
        self.wake_at = outcome.wake_at
        done = [self._do(action) for action in outcome.actions]
        return [what for what in done if what]

    def settle(self) -> None:
        """Looks until nothing is done; every pod made on the way runs."""
        for _ in range(10):
            before = (self.job.get("status"), dict(self.pods))
            self.look()
            for name, pod in self.pods.items():
                if pod["status"] == {"phase": "Pending"}:
                    self.run(name)
            if before == (self.job["status"], self.pods):
                return
        pytest.fail("it never comes to rest")

    def run(self, name: str) -> None:
        self.pods[name] = kubelet.began(self.pods[name], started=self.time)

    def end(self, name: str, code: int) -> None:
        pod = self.pods[name]
        run = kubelet.Ended(exit_code=code, reason="Error", started=self.time, finished=self.time)
        again = kubelet.will_restart(pod, code)
        self.pods[name] = kubelet.ended(pod, run, again=again)
        if again:
            self.run(name)

    def terminate(self, name: str) -> None:
        pod = self.pods[name]
        self.pods[name] = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": self.time}}

    def patch(self, **run_policy: Any) -> None:
        self.job = rules.merge_patch(self.job, {"spec": {"runPolicy": run_policy}})

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def time(self) -> str:
        return rules.format_time(self.now)

    @property
    def conditions(self) -> str:
        """The list as stored: `Created Running=F Succeeded`."""
        words = [
            c["type"] + ("" if c["status"] == "True" else "=F") for c in self.job["status"]["conditions"]
        ]
        return " ".join(words)

    @property
    def counts(self) -> dict[str, Any]:
        return self.job["status"]["replicaStatuses"]

    @property
    def reasons(self) -> list[str]:
        return [reason for reason, _ in self.events]

    def _do(self, action: rules.Action) -> str | None:
        match action:
            case rules.CreatePod(role=role, index=index):
                self.made += 1
                pod = rules.build_pod(self.job, role=role, index=index, uid=f"pod-{self.made}", now=self.now)
                name = pod["metadata"]["name"].removeprefix("job-")
                assert name not in self.pods
                self.pods[name] = pod
                return f"+{name}"
            case rules.DeletePod(name=name):
                del self.pods[name.removeprefix("job-")]
                return f"-{name.removeprefix('job-')}"
            case rules.DeleteJob():
                self.deleted = True
            case rules.Emit(reason=reason, message=message):
                self.events.append((reason, message))
        return None


@pytest.fixture
def make_job():
    return _job


@pytest.fixture
def world():
    """A world with that job, all its replicas running."""

    def make(**parts: Any) -> World:
        made = World(_job(**parts))
        made.settle()
        return made

    return make
