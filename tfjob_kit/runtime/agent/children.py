"""Processes that an agent starts, and their ends.

Owns spawning on a leash (a child dies with its agent), inherited descriptors and wait statuses. As PID 1 or
subreaper the agent collects strangers too. Must not know what the processes are for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from tfjob_kit.runtime import leash

__all__ = ["exit_code", "reap", "send_signal", "spawn"]

_SIGNALLED = 128
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP)
"""Python or the agent ignores these; a child begins with the default."""


def spawn(command: Sequence[str], *, environ: Mapping[str, str], descriptor: int, target: int) -> int:
    """Starts a process with `descriptor` as its `target` and stdin empty; its pid.

    Raises:
        OSError: It cannot be started.
    """
    argv = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command]
    return os.posix_spawn(
        sys.executable,
        argv,
        dict(environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, descriptor, target),
        ],
        setsigdef=_IGNORED,
        setsigmask=(),
    )


def reap() -> dict[int, int]:
    """Children that have ended: pid -> wait status."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def exit_code(status: int) -> int:
    """The exit code of a wait status; 128 + n when signal n ended the process."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _SIGNALLED - code


def send_signal(pid: int, number: signal.Signals) -> bool:
    """Signals a process; False when it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
