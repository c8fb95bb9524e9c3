"""Files that several processes share: atomic JSON and locks.

Owns how a file is read, replaced and locked, and turns every failure of the disk into a ClusterError that
names the file. Must not know what the files mean.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfjob_kit.errors import ClusterError

__all__ = ["locked", "read_json", "signature", "try_lock", "write_json"]


def write_json(path: Path, data: Any) -> None:
    """Replaces the file in one step: a reader sees the old content or the new one, never a part.

    Raises:
        ClusterError: The file cannot be written (disk full, permissions).
    """
    text = json.dumps(data, separators=(",", ":"))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def read_json(path: Path) -> Any:
    """The file's content.

    Raises:
        FileNotFoundError: It is not there; what that means is the caller's to say.
        ClusterError: It is there and is not JSON, or cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except ValueError as error:
        raise ClusterError(f"`{path}` is damaged: {error}", where=str(path)) from error
    except OSError as error:
        raise ClusterError(f"cannot read `{path}`: {error.strerror}", where=str(path)) from error


def signature(path: Path) -> tuple[int, int, int] | None:
    """Another value whenever the file has been replaced or has grown; None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Holds an exclusive lock on the file, made if need be; it waits for other holders."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed; None while another process holds it.

    Raises:
        FileNotFoundError: The file is gone.
    """
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _unwritable(path: Path, error: OSError) -> ClusterError:
    return ClusterError(
        f"cannot write `{path}`: {error.strerror}",
        where=str(path),
        hint="free space or choose another place with TFJOB_KIT_STATE_DIR",
        retryable=True,
    )
