"""Starting a keeper: detached from the terminal, in possession of its lock before anyone can look.

The lock is taken by the launcher on a descriptor that the keeper inherits. So there is no moment at
which a job is there and unguarded, and a launcher that is killed on the way leaves a job that reads as
what it is: lost.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.errors import ClusterError

__all__ = ["KEEPER_MODULE", "start_keeper"]

KEEPER_MODULE = "tfjob_kit.cluster.local.keeper"
_START_SECONDS = 60


def start_keeper(job: JobDir, *, lock: int, environ: Mapping[str, str], directory: Path) -> None:
    """Starts the keeper of a job and returns once it is at work.

    Args:
        job: Where the job lies.
        lock: Descriptor that holds the keeper's lock; the caller closes its own copy.
        environ: Environment of the keeper and, through it, of the replicas.
        directory: Directory of the submission.

    Raises:
        ClusterError: It did not start; the message carries what it said.
    """
    ready, ready_end = os.pipe2(os.O_CLOEXEC)
    command = [sys.executable, "-m", KEEPER_MODULE, str(job.path), str(lock), str(ready_end)]
    try:
        with job.keeper_log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                env=dict(environ),
                pass_fds=(lock, ready_end),
                start_new_session=True,
            )
    except OSError as error:
        os.close(ready)
        raise ClusterError(f"cannot start the job's keeper: {error.strerror}") from error
    finally:
        os.close(ready_end)
    try:
        _wait_until_ready(ready, job)
    except ClusterError:
        process.kill()
        raise
    finally:
        os.close(ready)
        # The process started here only forks the keeper proper and leaves.
        process.wait()


def _wait_until_ready(ready: int, job: JobDir) -> None:
    readable, _, _ = select.select([ready], [], [], _START_SECONDS)
    if readable and os.read(ready, 1):
        return
    said = job.keeper_log.read_text(errors="replace").strip().splitlines()[-1:]
    raise ClusterError(
        "the job's keeper did not start" + "".join(f": {line}" for line in said), where=str(job.keeper_log)
    )
