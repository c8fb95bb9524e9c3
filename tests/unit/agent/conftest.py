"""Jobs of real agents on loopback, whose trainers are `programs/trainer_program.py`."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit.contract import Termination

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 180.0
"""Seconds until a condition counts as missed: far beyond what a crowded machine needs."""


def eventually(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)
    return value


def free_ports(count: int) -> int:
    """First of `count` consecutive free ports."""
    while True:
        base = random.randrange(20_000, 32_000 - count)
        sockets = []
        try:
            for port in range(base, base + count):
                sockets.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return base


@dataclass
class Job:
    """Agents of one job.

    Attributes:
        changes: Settings by replica name that differ from the ordinary ones.
    """

    place: Path
    size: int
    warm: bool = False
    limits: dict[str, float] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    zygote: list[str] | None = None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = ["chief-0", *(f"worker-{i}" for i in range(self.size - 1))]
        self.base = free_ports(3 * self.size)

    def port(self, name: str) -> int:
        return self.base + 3 * self.names.index(name) + 1

    def start(self, *names: str) -> Job:
        for name in names or self.names:
            with self.log_file(name).open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, str(PROGRAMS / "agent_program.py"), json.dumps(self.settings(name))],
                    env={
                        **os.environ,
                        "JOB_DIR": str(self.place),
                        "JOB_NAME": name,
                        "PYTHONPATH": str(PROGRAMS),
                    },
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        return self

    def settings(self, name: str) -> dict[str, Any]:
        own = self.changes.get(name, {})
        identity = {"run_id": "run", "code": "code", "name": name} | own.get("identity", {})
        return {
            "identity": identity,
            "chief": "chief-0",
            "peers": {n: ["127.0.0.1", self.port(n)] for n in self.names if n != name},
            "host": "127.0.0.1",
            "port": self.port(name),
            "metrics_port": own.get("metrics_port"),
            "termination_log": str(self.place / f"{name}.termination"),
            "count_file": str(self.place / "checkpoints" / "restarts.json") if name == "chief-0" else None,
            "limits": {"silence": 5.0, **self.limits},
            "trainers": self.commands(),
        }

    def commands(self) -> dict[str, Any]:
        zygote = [sys.executable, "-m", "tfjob_kit.runtime.trainer.zygote", "--socket", "3"]
        zygote += self.zygote or ["--imports", "json", "--entry", "trainer_program:run"]
        cold = [sys.executable, str(PROGRAMS / "trainer_program.py"), "--report-fd", "3"]
        return {"cold": cold, "zygote": zygote if self.warm or self.zygote else None}

    def plan(self, name: str, **what: Any) -> None:
        (self.place / f"{name}.plan").write_text(json.dumps(what))

    # --- what is seen ------------------------------------------------------------------------------

    def log_file(self, name: str) -> Path:
        return self.place / f"{name}.log"

    def log(self, name: str) -> str:
        return self.log_file(name).read_text(errors="replace") if self.log_file(name).exists() else ""

    def says(self, name: str, pattern: str, *, times: int = 1) -> None:
        try:
            eventually(lambda: len(re.findall(pattern, self.log(name))) >= times, f"{name}: {pattern}")
        except AssertionError as error:
            logs = "\n".join(f"--- {n}\n{self.log(n)}" for n in self.names)
            raise AssertionError(f"{error}\n{logs}") from None

    def trains(self, *, times: int = 1) -> None:
        for name in self.names:
            self.says(name, "trains from step", times=times)

    def trainer(self, name: str) -> int:
        return int((self.place / f"{name}.pid").read_text())

    def checkpoint(self) -> int:
        path = self.place / "checkpoint"
        return json.loads(path.read_text()) if path.exists() else 0

    # --- what is done ------------------------------------------------------------------------------

    def finish(self) -> None:
        (self.place / "finish").touch()

    def signal(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def end(self, name: str) -> int:
        """Exit code of an agent."""
        try:
            return self.processes[name].wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{name} does not end\n{self.log(name)}") from None

    def ends(self) -> dict[str, int]:
        return {name: self.end(name) for name in self.processes}

    def termination(self, name: str) -> Termination:
        said = Termination.from_json((self.place / f"{name}.termination").read_text())
        assert said is not None
        return said

    def close(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def make_job(tmp_path: Path) -> Iterator[Callable[..., Job]]:
    jobs: list[Job] = []

    def make(size: int, **settings: Any) -> Job:
        jobs.append(Job(place=tmp_path, size=size, **settings))
        return jobs[-1]

    yield make
    for job in jobs:
        job.close()


@pytest.fixture
def until() -> Callable[[Callable[[], Any], str], Any]:
    return eventually


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive
