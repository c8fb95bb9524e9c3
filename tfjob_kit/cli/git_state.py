"""What git says about the working directory, read beside everything else that a submission does.

Owns starting git early and waiting for it late: two short processes while the config is composed. No
repository, no git, or one that takes long: nothing is known, and nobody is bothered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfjob_kit.plan import GitFacts

__all__ = ["GitState"]

_PATIENCE_SECONDS = 2.0
_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal")
_DIFF = ("diff", "HEAD", "--no-color", "--no-ext-diff")


class GitState:
    """Two questions to git that are being answered.

    Args:
        cwd: The working directory.
    """

    def __init__(self, cwd: Path) -> None:
        self._status = _start(_STATUS, cwd)
        self._diff = _start(_DIFF, cwd) if self._status else None

    def read(self) -> GitFacts | None:
        """Waits for the answers; None outside a repository, or before its first commit."""
        status, diff = _finish(self._status), _finish(self._diff)
        if status is None or diff is None:
            return None
        from tfjob_kit.plan import GitFacts

        lines = status.decode(errors="replace").splitlines()
        commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), None)
        if commit is None:
            return None
        return GitFacts(
            commit=commit,
            is_dirty=any(not line.startswith("#") for line in lines),
            diff_sha256=hashlib.sha256(diff).hexdigest() if diff else None,
        )

    def close(self) -> None:
        """Ends what has not answered."""
        for process in (self._status, self._diff):
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.communicate()


def _start(arguments: tuple[str, ...], cwd: Path) -> subprocess.Popen[bytes] | None:
    # git takes no lock: somebody may be committing in another terminal.
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    with contextlib.suppress(OSError):
        return subprocess.Popen(
            ["git", *arguments],
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    return None


def _finish(process: subprocess.Popen[bytes] | None) -> bytes | None:
    if process is None:
        return None
    try:
        answer, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return answer if process.returncode == 0 else None
