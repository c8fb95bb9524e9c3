"""PID 1 of a replica: starts its command, and leaves nothing of it behind.

What a container's PID namespace does on a cluster, one small process does here: it is the subreaper of
everything the command starts, so a daemon that forks twice or opens a session of its own still has the
shim as its ancestor. When the command ends, or the keeper asks, or the keeper dies, the shim kills
whatever descends from it. It is forked from the keeper without an exec: no interpreter start, shared
memory. Must not know pods.

SIGTERM is passed to the command (the kubelet signals PID 1 alone). SIGUSR1 kills the tree; it is also
the signal by which the kernel announces the keeper's death.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tfjob_kit.cluster.local.processes import process_tree

__all__ = ["Command", "Shim", "start_shim"]

_SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1}


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a replica runs: the argument vector, its whole environment and its directory."""

    argv: Sequence[str]
    environ: Mapping[str, str]
    directory: Path


@dataclass(frozen=True, kw_only=True)
class Shim:
    """A started shim.

    Attributes:
        output: Read end of the command's stdout and stderr.
        reports: Read end of the shim's reports, JSON lines: `{"pid"}`, `{"error"}` or `{"status"}`.
    """

    pid: int
    output: int
    reports: int

    def send(self, signum: signal.Signals) -> None:
        """Signals the shim; it may be gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signum)


def start_shim(command: Command) -> Shim:
    """Forks a shim that starts the command at once.

    Raises:
        OSError: No process or descriptor is left.
    """
    output, output_end = os.pipe2(os.O_CLOEXEC)
    reports, reports_end = os.pipe2(os.O_CLOEXEC)
    keeper = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        pid = os.fork()
        if pid == 0:
            _run(command, keeper, output_end, reports_end)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(output_end)
        os.close(reports_end)
    os.set_blocking(output, False)
    os.set_blocking(reports, False)
    return Shim(pid=pid, output=output, reports=reports)


def _run(command: Command, keeper: int, output: int, reports: int) -> NoReturn:
    try:
        process_tree.die_with_parent(signal.SIGUSR1)
        process_tree.become_subreaper()
        os.setsid()
        close_all_but({output, reports})
        if os.getppid() == keeper:
            _serve(command, output, reports)
    except BaseException:
        # Reported to the keeper's log: stderr is still its.
        traceback.print_exc()
    finally:
        process_tree.kill_all(lambda: process_tree.descendants(os.getpid()), is_parent=True)
        os._exit(0)


def _serve(command: Command, output: int, reports: int) -> None:
    try:
        # Held until the end: a forgotten Popen would collect the command's status before we do.
        process = _start(command, output)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        _report(reports, {"error": _reason(error, command)})
        return
    os.close(output)
    _report(reports, {"pid": process.pid})
    status = _wait(process.pid)
    process_tree.kill_all(lambda: process_tree.descendants(os.getpid()), is_parent=True)
    _report(reports, {"status": status})


def _start(command: Command, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command.argv),
        cwd=command.directory,
        env=dict(command.environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_before_exec,
    )


def _before_exec() -> None:
    process_tree.die_with_parent(signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(signum, signal.SIG_DFL)


def _wait(pid: int) -> int:
    """The command's wait status; the whole tree is dead already if the end was asked by SIGUSR1."""
    while True:
        signum = signal.sigwait(_SIGNALS)
        if signum == signal.SIGTERM:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        elif signum == signal.SIGUSR1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        ended = process_tree.reap()
        if pid in ended:
            return ended[pid]


def _report(reports: int, values: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.write(reports, json.dumps(values).encode() + b"\n")


def _reason(error: Exception, command: Command) -> str:
    if not isinstance(error, OSError):
        return f"cannot start `{command.argv[0]}`: {error}"
    if error.filename == str(command.directory) or not command.directory.is_dir():
        return f"working directory `{command.directory}`: {error.strerror}"
    return f"exec: `{command.argv[0]}`: {error.strerror}"


def close_all_but(kept: set[int]) -> None:
    """Closes every descriptor above stderr except those kept: locks of the keeper must end with it."""
    low = 3
    for descriptor in [*sorted(kept), os.sysconf("SC_OPEN_MAX")]:
        os.closerange(low, descriptor)
        low = descriptor + 1
