"""Restarts since the last new checkpoint, kept beside the checkpoints so that they outlive the chief's pod.

Owns `checkpoints/restarts.json`. Must not know what follows from the count.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["NONE_YET", "Count", "read_count", "write_count"]


@dataclass(frozen=True, kw_only=True)
class Count:
    """Restarts in a row.

    Attributes:
        restarts: -1 before the first start.
        cause: Why the last of them was.
    """

    restarts: int
    cause: str | None = None


NONE_YET = Count(restarts=-1)


def read_count(path: Path | None, *, run_id: str) -> Count:
    """The count that an earlier agent of this run left."""
    if path is None:
        return NONE_YET
    try:
        data: Any = json.loads(path.read_text())
        if data["run_id"] != run_id:
            return NONE_YET
        cause = data.get("cause")
        return Count(restarts=int(data["restarts"]), cause=cause if isinstance(cause, str) else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NONE_YET


def write_count(path: Path | None, count: Count | None, *, run_id: str) -> None:
    """Keeps the count; None removes it.

    Raises:
        OSError: The directory cannot be written.
    """
    if path is None:
        return
    if count is None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"run_id": run_id, "restarts": count.restarts, "cause": count.cause}) + "\n")
    os.replace(new, path)
