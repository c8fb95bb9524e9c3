"""The command line as a user has it: real processes, a project folder and a state directory of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.cli.__main__ import main
from tfjob_kit.cluster import local
from tfjob_kit.cluster.port import JobRef

DEADLINE_SECONDS = 180
GOLDEN = Path(__file__).parent / "golden"
Check = Callable[[str, str], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object per line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Kit:
    """Runs `tfjob-kit` in a project folder.

    Attributes:
        folder: The working directory of every command.
        state: The local engine's state directory.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self.state = state
        self._started: list[subprocess.Popen[str]] = []
        self.environ = {**os.environ, "TFJOB_KIT_STATE_DIR": str(state), "COLUMNS": "80"}

    def __call__(self, *arguments: str, **environ: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "tfjob_kit.cli", *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Outcome(code=done.returncode, out=done.stdout, err=done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command and leaves it running; the fixture ends it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tfjob_kit.cli", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Ends the commands that still run."""
        for process in self._started:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def jobs(self) -> list[str]:
        """Names of all jobs of the state directory."""
        cluster = local.connect(state_dir=self.state, cwd=self.folder)
        return [job["metadata"]["name"] for job in cluster.list()]


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    folder = tmp_path / "project"
    folder.mkdir()
    kit = Kit(folder, tmp_path / "state")
    yield kit
    kit.end()
    end_jobs(kit)


@pytest.fixture
def here(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Outcome]]:
    """Runs `tfjob-kit` in this process, for what starts nothing."""
    monkeypatch.chdir(kit.folder)
    for name, value in kit.environ.items():
        monkeypatch.setenv(name, value)
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str, **environ: str) -> Outcome:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            code = main(arguments)
        out, err = capsys.readouterr()
        return Outcome(code=code, out=out, err=err)

    yield run
    signal.signal(signal.SIGTERM, handler)


def end_jobs(kit: Kit) -> None:
    """Deletes what a test started and waits until it is gone."""
    if not kit.state.is_dir():
        return
    cluster = local.connect(state_dir=kit.state, cwd=kit.folder)
    refs = [
        JobRef(namespace=job["metadata"]["namespace"], name=job["metadata"]["name"]) for job in cluster.list()
    ]
    for ref in refs:
        with contextlib.suppress(errors.JobNotFound):
            cluster.delete(ref)
    eventually(lambda: not any(cluster.pods(ref) for ref in refs), what="replicas are gone")


def eventually(holds: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"
        pause.wait(0.05)


@pytest.fixture
def same_as_golden(golden: Callable[[Path, str], None]) -> Check:
    """Compares with a file of golden/."""
    return lambda name, text: golden(GOLDEN / name, text)
