"""Starting and ending the programs of a plane.

A program dies with the process that started it unless it is told to stay, so that a test run that is killed
leaves nothing behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_LEASH = Path(__file__).parents[3] / "tfjob_kit" / "runtime" / "leash.py"


def spawn(
    argv: Sequence[str | Path], *, folder: Path, log: Path, environ: Mapping[str, str], stays: bool
) -> subprocess.Popen[bytes]:
    """Starts a program whose output goes to `log`; `stays`: it outlives the one that calls this."""
    words = [str(word) for word in argv]
    if not stays and sys.platform == "linux":
        words = [sys.executable, "-S", str(_LEASH), str(os.getpid()), *words]
    with log.open("ab") as output:
        return subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environ},
        )


def kill(pid: int) -> None:
    """Ends a process that another one started and waits until it is gone. Nothing needs a graceful end."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    while is_alive(pid):
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie, which another parent has to bury, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, for the error that says why a program did not come up."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
