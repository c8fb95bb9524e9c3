"""The watcher of the keeper: when the keeper dies, it kills what the keeper had started.

Shims already kill their trees when the keeper ends; the guard is there for the day when shims are killed
with it. It holds the read end of a pipe whose write end the keeper holds, learns on it the sessions of
the replicas, and at its end SIGKILLs every process of those sessions or with the job's marker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import traceback
from dataclasses import dataclass
from typing import NoReturn

from tfjob_kit.cluster.local.processes import process_tree
from tfjob_kit.cluster.local.processes.shim import close_all_but

__all__ = ["Guard", "start_guard"]

_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A started guard and the pipe that it listens to."""

    pid: int
    pipe: int

    def learn(self, session: int) -> None:
        """Tells the session of a replica."""
        with contextlib.suppress(OSError):
            os.write(self.pipe, f"{session} {process_tree.start_time(session)}\n".encode())

    def dismiss(self) -> None:
        """Ends the guard; nothing must be running any more."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.pipe)


def start_guard(uid: str) -> Guard:
    """Forks the guard of a job."""
    listening, telling = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _run(uid, listening)
    os.close(listening)
    return Guard(pid=pid, pipe=telling)


def _run(uid: str, listening: int) -> NoReturn:
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.setsid()
        close_all_but({listening})
        sessions = _listen(listening)
        process_tree.kill_all(lambda: process_tree.marked(uid, sessions=_alive(sessions)), seconds=_SECONDS)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _listen(pipe: int) -> dict[int, int]:
    """The sessions told until the keeper's end: leader's pid -> start time."""
    with os.fdopen(pipe, "rb") as lines:
        pairs = [line.split() for line in lines]
    return {int(pid): int(start) for pid, start in pairs if start != b"None"}


def _alive(sessions: dict[int, int]) -> list[int]:
    # A pid that now belongs to a younger process is no session of ours any more.
    return [pid for pid, start in sessions.items() if process_tree.start_time(pid) in (start, None)]
