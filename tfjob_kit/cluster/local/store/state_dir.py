"""The directory under which everything of the local engine lies.

<state>/jobs/<namespace>/<job>/     one directory per job, see `job_dir`
<state>/claims/<namespace>/<claim>/ what a PersistentVolumeClaim means here
<state>/leases.json, leases.lock    ports and GPUs in use, see `leases`
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tfjob_kit.cluster.local.names import STATE_DIR_ENV, find_state_dir, folders
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import JobRef
from tfjob_kit.errors import NotConnected

__all__ = ["STATE_DIR_ENV", "find_state_dir", "job_dir", "job_dirs", "open_state_dir"]

_HINT = f"set {STATE_DIR_ENV} to a directory that you can write to"


def open_state_dir(path: Path) -> Path:
    """Makes the directory if need be and proves that it can be written to.

    Raises:
        NotConnected: It is no directory or cannot be written to.
    """
    try:
        (path / "jobs").mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=path):
            return path
    except (FileExistsError, NotADirectoryError) as error:
        raise NotConnected(f"state directory `{path}` is not a directory", hint=_HINT) from error
    except OSError as error:
        problem = error.strerror or str(error)
        raise NotConnected(f"cannot write to the state directory `{path}`: {problem}", hint=_HINT) from error


def job_dir(state: Path, ref: JobRef) -> JobDir:
    """The directory of a job; it need not exist."""
    return JobDir(path=state / "jobs" / ref.namespace / ref.name)


def job_dirs(state: Path, *, namespace: str | None = None) -> list[JobDir]:
    """Directories of all jobs there are, of one namespace or of all."""
    places = [state / "jobs" / namespace] if namespace else folders(state / "jobs")
    return [JobDir(path=path) for place in places for path in folders(place)]
