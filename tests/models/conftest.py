"""Real trainers on loopback, without agents: forked from one process that has imported TensorFlow."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import config as configs

_SERVER = Path(__file__).with_name("fork_server.py")
_SECONDS = 300


class ForkServer:
    def __init__(self, cwd: Path) -> None:
        environment = {
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "OMP_NUM_THREADS": "1",
            "TF_NUM_INTRAOP_THREADS": "1",
            "TF_NUM_INTEROP_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, str(_SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd=cwd,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=_SECONDS)
        self._process.stdout.close()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trainers:
    """The trainers of one start of a job, in rank order."""

    server: ForkServer
    folder: Path
    pids: list[int]

    def wait(self) -> list[int]:
        """Exit codes; a negative number is a signal."""
        return [self.server.ask(wait={"pid": pid, "seconds": _SECONDS})["exit"] for pid in self.pids]

    def signal(self, number: signal.Signals, *, rank: int) -> None:
        os.kill(self.pids[rank], number)

    def output(self, rank: int = 0) -> str:
        return (self.folder / f"out-{rank}").read_text()

    def reports(self, name: str, rank: int = 0) -> list[dict[str, Any]]:
        lines = (self.folder / f"reports-{rank}").read_text().splitlines()
        return [report for report in map(json.loads, lines) if report["report"] == name]


class Job:
    """A job's folders: `out/<rank>` is the output of one replica and outlives its trainers."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self._server, self.folder, self._starts = server, folder, 0
        (folder / "models").mkdir()

    def output_dir(self, rank: int = 0) -> Path:
        return self.folder / "out" / str(rank)

    def state(self, step: int) -> bytes:
        """The bytes of model, optimizer and step in the chief's checkpoint."""
        return (self.output_dir() / "checkpoints" / f"ckpt-{step}.data-00000-of-00001").read_bytes()

    def start(self, *overrides: str, replicas: int = 2, gpus: int = 0, **environment: str) -> Trainers:
        self._starts += 1
        folder = self.folder / f"start-{self._starts}"
        folder.mkdir()
        config = configs.to_yaml(configs.compose(["gpus=0", f"replicas={replicas}", *overrides]).config)
        addresses = free_addresses(replicas)
        pids: list[int] = []
        for rank in range(replicas):
            self.output_dir(rank).mkdir(parents=True, exist_ok=True)
            env = {
                "TFJOB_KIT_CONFIG": config,
                "TFJOB_KIT_GPUS": str(gpus),
                "TFJOB_KIT_MOUNTS": json.dumps({"/output": str(self.output_dir(rank))}),
                **({"TF_CONFIG": tf_config(addresses, rank)} if replicas > 1 else {}),
                **environment,
            }
            pids.append(self._fork(folder, rank, env))
        return Trainers(server=self._server, folder=folder, pids=pids)

    def run(self, *overrides: str, replicas: int = 2, **environment: str) -> Trainers:
        """Starts and expects success of all."""
        trainers = self.start(*overrides, replicas=replicas, **environment)
        assert [0] * replicas == trainers.wait(), trainers.output()
        return trainers

    def _fork(self, folder: Path, rank: int, env: dict[str, str]) -> int:
        request = {
            "env": env,
            "cwd": str(self.folder),
            "out": str(folder / f"out-{rank}"),
            "reports": str(folder / f"reports-{rank}"),
            "code": None,
        }
        return self._server.ask(start=request)["pid"]


def free_addresses(number: int) -> list[str]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


def tf_config(addresses: list[str], rank: int) -> str:
    role, index = ("chief", 0) if rank == 0 else ("worker", rank - 1)
    cluster = {"chief": addresses[:1], "worker": addresses[1:]}
    return json.dumps({"cluster": cluster, "task": {"type": role, "index": index}})


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    server = ForkServer(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture
def new_job(fork_server: ForkServer, tmp_path: Path) -> Callable[[str], Job]:
    """Makes a job with folders of its own."""
    return lambda name: make_job(fork_server, tmp_path / name)


@pytest.fixture(scope="module")
def new_job_in_module(
    fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Job]:
    """The same, for jobs that several tests look at."""
    return lambda name: make_job(fork_server, tmp_path_factory.mktemp("jobs") / name)


def make_job(server: ForkServer, folder: Path) -> Job:
    folder.mkdir()
    return Job(server, folder)


@pytest.fixture
def run_python(fork_server: ForkServer, tmp_path: Path) -> Callable[..., str]:
    """Runs code in a process that has imported TensorFlow and touched no device; returns what it printed."""

    def run(code: str, **environment: str) -> str:
        out = tmp_path / "printed"
        request = {"env": environment, "cwd": str(tmp_path), "out": str(out), "reports": "", "code": code}
        pid = fork_server.ask(start=request)["pid"]
        status = fork_server.ask(wait={"pid": pid, "seconds": _SECONDS})["exit"]
        assert status == 0, out.read_text()
        return out.read_text()

    return run


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _SECONDS
        while not condition():
            assert time.monotonic() < end, "the condition was not met"
            time.sleep(0.01)

    return wait
