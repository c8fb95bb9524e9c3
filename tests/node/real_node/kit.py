"""The command line against the node's cluster, and what a test does to the replicas that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.api import Refused, wait_until

from real_node import claims, pods
from real_node.node import RealNode

PATIENCE = 240.0
"""Seconds: an import of TensorFlow takes 3 s on a quiet machine, and was seen to take 15 s on a busy one."""


@dataclass(kw_only=True)
class Kit:
    """The kit as a user of one namespace has it.

    Attributes:
        directory: Where its commands run; without config files of its own.
        storage: Holds the folders of claims.
    """

    node: RealNode
    namespace: str
    directory: Path
    storage: Path
    outputs: dict[str, Path] = field(default_factory=dict[str, Path])

    # -- the command line ------------------------------------------------------------------------------------

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts a command."""
        assert self.node.plane is not None
        environ = {
            **os.environ,
            "TFJOB_KIT_ENGINE": "kube",
            "TFJOB_KIT_KUBECONFIG": str(self.node.plane.kubeconfig),
            "TFJOB_KIT_NAMESPACE": self.namespace,
            "COLUMNS": "100",
        }
        argv = [sys.executable, "-m", "tfjob_kit.cli", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, env=environ, cwd=self.directory, stdout=pipe, stderr=pipe, text=True)

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        started = self.start(*words)
        try:
            out, err = started.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()
            raise
        return subprocess.CompletedProcess(started.args, started.returncode, out, err)

    def succeed(self, *words: str) -> str:
        """The same for a command that must succeed; what it wrote to stdout."""
        done = self(*words)
        assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def submit(self, name: str, *overrides: str, begin: Path | None = None) -> None:
        """Starts a job whose output is a new claim of its own name; `begin`: a checkpoint to go on from."""
        self.outputs[name] = claims.make(
            self.node.api, namespace=self.namespace, name=name, folder=self.storage / self.namespace / name
        )
        if begin is not None:
            claims.copy_checkpoint(begin, self.outputs[name] / "checkpoints")
        self.succeed("run", *overrides, f"output.claim={name}", "--name", name, "--detach")

    def status(self, name: str) -> dict[str, Any]:
        """The status as data."""
        return json.loads(self("status", name, "-o", "json").stdout)

    def wait_progress(self, name: str) -> None:
        """Waits for the first step."""
        self.until(lambda: self.status(name)["progress"].get("step"), what=f"the first step of {name}")

    def log(self, name: str) -> str:
        """Every line of the pods that are left."""
        return self.succeed("logs", name)

    # -- the replicas ----------------------------------------------------------------------------------------

    def pod(self, name: str, replica: str) -> dict[str, Any] | None:
        """A replica's pod; None when it is not there now."""
        try:
            return self.node.req("GET", f"/api/v1/namespaces/{self.namespace}/pods/{name}-{replica}")
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def kill(self, name: str, replica: str, kind: str) -> None:
        """SIGKILL to a replica's `agent` (its container's first process) or `trainer`, from outside."""

        def find() -> int | None:
            pod = self.pod(name, replica)
            return pods.find(pod["metadata"]["uid"], kind) if pod else None

        os.kill(self.until(find, what=f"the {kind} of {replica}"), signal.SIGKILL)

    def wait_no_pods(self, name: str) -> None:
        """Waits until all have had their grace period and are gone or finished."""
        running = {"Pending", "Running"}
        path = (
            f"/api/v1/namespaces/{self.namespace}/pods?labelSelector=training.kubeflow.org/job-name%3D{name}"
        )
        self.until(
            lambda: all(pod["status"]["phase"] not in running for pod in self.node.req("GET", path)["items"]),
            what=f"the end of all replicas of {name}",
        )

    # -- its checkpoints -------------------------------------------------------------------------------------

    def checkpoint(self, name: str, step: int) -> Path:
        """The checkpoint of a step, as TensorFlow takes it."""
        return self.outputs[name] / "checkpoints" / f"ckpt-{step}"

    def saved_steps(self, name: str) -> list[int]:
        """Steps of the whole checkpoints, oldest first."""
        found = (self.outputs[name] / "checkpoints").glob("ckpt-*.json")
        return sorted(int(file.stem.removeprefix("ckpt-")) for file in found)

    def wait_saved(self, name: str, step: int) -> None:
        """Waits for a checkpoint of that step or a later one."""
        try:
            self.until(
                lambda: any(saved >= step for saved in self.saved_steps(name)), what=f"step {step} of {name}"
            )
        except TimeoutError as error:
            looks = [self("status", name).stdout, self("logs", name).stdout]
            raise AssertionError("\n".join([str(error), *looks])) from error

    def until(self, ask: Callable[[], Any], *, what: str) -> Any:
        """The first true answer."""
        return wait_until(ask, what=what, seconds=PATIENCE)
