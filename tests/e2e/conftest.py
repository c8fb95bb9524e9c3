"""Whole runs of the shipped runtime on the local engine, driven through the command line alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

MARKER = b"TFJOB_KIT_LOCAL_POD="
ZYGOTE = "tfjob_kit.runtime.trainer.zygote"
PATIENCE = 480.0
"""Seconds: two imports of TensorFlow took 95 s on two cores that were busy with other work."""


def poll(ask: Callable[[], Any], *, what: str, seconds: float = PATIENCE) -> Any:
    """The first true answer of `ask`; fails the test when there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)
    return answer


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process of a replica, as /proc shows it."""

    pid: int
    parent: int
    argv: tuple[str, ...]
    pod: str


@dataclass(kw_only=True)
class Kit:
    """The command line with a state directory of its own."""

    state: Path
    directory: Path
    jobs: list[str] = field(default_factory=list[str])

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "TFJOB_KIT_STATE_DIR": str(self.state), "COLUMNS": "80"}

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "tfjob_kit.cli", *args]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(argv, env=self.environ, cwd=self.directory, **(pipes | options))

    def __call__(self, *args: str, seconds: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "tfjob_kit.cli", *args]
        return subprocess.run(
            argv, env=self.environ, cwd=self.directory, capture_output=True, text=True, timeout=seconds
        )

    def submit(self, name: str, *overrides: str) -> None:
        self.jobs.append(name)
        done = self("run", *overrides, "--name", name, "--detach", "--engine", "local")
        assert done.returncode == 0, done.stderr

    def status(self, name: str) -> dict[str, Any]:
        return json.loads(self("status", name, "-o", "json").stdout)

    def uid(self, name: str) -> str:
        return json.loads((self.state / "jobs/default" / name / "job.json").read_text())["metadata"]["uid"]

    def processes(self, uid: str) -> list[Process]:
        """Every living process of the replicas of a job."""
        return [p for p in _marked() if p.pod.startswith(f"{uid}/")]

    def wait_gone(self, uid: str) -> None:
        poll(lambda: not self.processes(uid), what="the end of all replicas")

    def process(self, name: str, replica: str, kind: str) -> int:
        """The pid of a replica's `agent` or `trainer`; 0 when it is not there now."""
        mine = [p for p in self.processes(self.uid(name)) if p.pod.endswith(f"/{name}-{replica}")]
        zygotes = {p.pid for p in mine if ZYGOTE in p.argv}
        trainers = [p.pid for p in mine if p.parent in zygotes]
        agents = [p.parent for p in mine if p.pid in zygotes and p.parent not in zygotes]
        found = trainers if kind == "trainer" else agents
        return found[0] if found else 0

    def kill(self, name: str, replica: str, kind: str) -> None:
        pid = poll(lambda: self.process(name, replica, kind), what=f"the {kind} of {replica}")
        os.kill(pid, signal.SIGKILL)

    def checkpoint(self, name: str, step: int) -> Path:
        """The chief's checkpoint of a step, as TensorFlow takes it."""
        return Path(self.status(name)["places"]["checkpoints"]) / f"ckpt-{step}"

    def wait_checkpoint(self, name: str, step: int) -> None:
        index = self.checkpoint(name, step).with_suffix(".index")
        poll(index.exists, what=f"the checkpoint of step {step}")

    def wait_progress(self, name: str) -> None:
        poll(lambda: self.status(name)["progress"].get("step"), what="the first step")

    def until(self, ask: Callable[[], Any], *, what: str) -> Any:
        return poll(ask, what=what)

    def log(self, name: str) -> str:
        return self("logs", name).stdout


def _marked() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environ = (folder / "environ").read_bytes().split(b"\0")
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            argv = tuple((folder / "cmdline").read_text().split("\0")[:-1])
        except OSError:
            continue
        marks = [entry.removeprefix(MARKER).decode() for entry in environ if entry.startswith(MARKER)]
        if marks and stat[0] != "Z":
            yield Process(pid=int(folder.name), parent=int(stat[1]), argv=argv, pod=marks[0])


@pytest.fixture(scope="session")
def new_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Kit]]:
    """Makes a command line with an empty state directory; its jobs are cancelled at the end."""
    pytest.importorskip("tensorflow", reason="needs the [train] extra: pip install 'tfjob-kit[train]'")
    kits: list[Kit] = []

    def make() -> Kit:
        root = tmp_path_factory.mktemp("kit")
        (root / "project").mkdir()
        kits.append(Kit(state=root / "state", directory=root / "project"))
        return kits[-1]

    yield make
    for kit in kits:
        for name in kit.jobs:
            kit("cancel", name, "--yes")


@pytest.fixture
def kit(new_kit: Callable[[], Kit]) -> Kit:
    return new_kit()
