"""Processes of this machine, read from /proc: who descends from whom, who belongs to a job.

Owns finding and killing whole trees. A tree is found by parentage (orphans come to their subreaper, see
`shim`), and, when the parents are gone, by the marker in the environment or by session. Must not know
jobs; `marker` and sessions are given.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = [
    "MARKER_ENV",
    "become_subreaper",
    "descendants",
    "die_with_parent",
    "kill_all",
    "marked",
    "reap_strays",
    "start_time",
]

MARKER_ENV = "TFJOB_KIT_LOCAL_POD"
"""`<uid of the job>/<pod>` in the environment of every replica, by which strays are found."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signum: int) -> None:
    """Asks the kernel to send this process a signal when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)


def become_subreaper() -> None:
    """Descendants whose parent ends become children of this process, whatever session they made."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root: int) -> set[int]:
    """Every living process below `root`, itself not included."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        fields = _stat(pid)
        if fields and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(pid)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop(), []):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def marked(uid: str, *, pod: str | None = None, sessions: Iterable[int] = ()) -> set[int]:
    """Every living process with the marker of a job, or of one pod of it, or of one of the sessions."""
    wanted = set(sessions)
    needle = f"\0{MARKER_ENV}={uid}/".encode() + (f"{pod}\0".encode() if pod else b"")
    found: set[int] = set()
    for pid in _pids():
        fields = _stat(pid)
        if not fields or fields[0] == "Z":
            continue
        if int(fields[3]) in wanted or needle in _environ(pid):
            found.add(pid)
    return found - {os.getpid()}


def kill_all(find: Callable[[], set[int]], *, is_parent: bool = False, seconds: float = 10.0) -> bool:
    """SIGKILLs what `find` returns until it returns nothing; False when something outlived `seconds`.

    With `is_parent` every ended child of this process is collected meanwhile, whoever waits for it.
    """
    deadline = time.monotonic() + seconds
    pause = 0.002
    while pids := find():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        if is_parent:
            reap()
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return True


def reap() -> dict[int, int]:
    """Collects the children that have ended: pid -> wait status."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def reap_strays(*, keep: set[int]) -> None:
    """Collects ended children other than those kept, whose end somebody else waits for."""
    peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, peek)) and ended.si_pid not in keep:
            os.waitpid(ended.si_pid, 0)


def start_time(pid: int) -> int | None:
    """Start of the process in clock ticks since boot: with the pid it names one process for ever."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    # Fields from `state` on; the name before it may hold blanks and brackets (proc(5)).
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def _environ(pid: int) -> bytes:
    try:
        return b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
