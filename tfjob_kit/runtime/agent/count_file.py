"""Restarts since the last new checkpoint, kept beside the checkpoints so that they outlive the chief's pod.

Owns `checkpoints/restarts.json`. Must not know what follows from the count.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["read_count", "write_count"]

NONE_YET = -1


def read_count(path: Path | None, *, run_id: str) -> int:
    """The count that an earlier agent of this run left; -1 when there is none."""
    if path is None:
        return NONE_YET
    try:
        data: Any = json.loads(path.read_text())
        return int(data["restarts"]) if data["run_id"] == run_id else NONE_YET
    except (OSError, ValueError, KeyError, TypeError):
        return NONE_YET


def write_count(path: Path | None, count: int | None, *, run_id: str) -> None:
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
    new.write_text(json.dumps({"run_id": run_id, "restarts": count}) + "\n")
    os.replace(new, path)
