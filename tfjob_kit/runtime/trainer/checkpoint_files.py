"""Checkpoints as files: complete or absent.

Owns names, atomicity, how many are kept, and which of them are whole. A checkpoint counts from the moment
its record `ckpt-<step>.json` is there, which is written last and names the files with their sizes. Must not
know what is inside them.

    checkpoints/ckpt-600.index  ckpt-600.data-00000-of-00001  ckpt-600.json
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CheckpointFiles", "Saved"]

_RECORD = re.compile(r"ckpt-(\d+)\.json")
_SCRATCH = ".saving"


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One checkpoint that has a record.

    Attributes:
        step: Its step.
        prefix: What TensorFlow calls the checkpoint's path.
        course: What the record says about the config (`course.describe_course`).
        damage: What is wrong with its files; None when they are whole.
    """

    step: int
    prefix: Path
    course: dict[str, dict[str, Any]]
    damage: str | None


class CheckpointFiles:
    """The chief's folder of checkpoints."""

    def __init__(self, folder: Path, *, keep: int) -> None:
        self._folder, self._keep = folder, keep

    def prepare(self) -> None:
        """Makes the folder and removes what an interrupted save left.

        Raises:
            OSError: It cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder / _SCRATCH, ignore_errors=True)
        (self._folder / _SCRATCH).mkdir()

    def newest_first(self) -> list[Saved]:
        """All checkpoints with a record."""
        steps = [int(m[1]) for m in map(_RECORD.fullmatch, os.listdir(self._folder)) if m]
        return [self._read(step) for step in sorted(steps, reverse=True)]

    def add(self, step: int, *, write: Callable[[str], Any], course: dict[str, Any]) -> None:
        """Writes a checkpoint, then forgets the oldest.

        Args:
            step: Its step.
            write: Writes TensorFlow's files under the prefix it is given.
            course: For the record.
        """
        scratch = self._folder / _SCRATCH
        write(str(scratch / f"ckpt-{step}"))
        (self._folder / f"ckpt-{step}.json").unlink(missing_ok=True)
        sizes: dict[str, int] = {}
        for path in sorted(scratch.iterdir()):
            _to_disk(path)
            sizes[path.name] = path.stat().st_size
            path.rename(self._folder / path.name)
        record = scratch / f"ckpt-{step}.json"
        record.write_text(json.dumps({"step": step, "files": sizes, "course": course}, indent=1))
        _to_disk(record)
        record.rename(self._folder / record.name)
        _to_disk(self._folder)
        self._forget()

    def _read(self, step: int) -> Saved:
        prefix = self._folder / f"ckpt-{step}"
        try:
            record = json.loads(prefix.with_suffix(".json").read_text())
            files, course = dict(record["files"]), dict(record["course"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            return Saved(step=step, prefix=prefix, course={}, damage=f"record: {error}")
        return Saved(step=step, prefix=prefix, course=course, damage=self._damage(files))

    def _damage(self, files: dict[str, int]) -> str | None:
        for name, size in files.items():
            path = self._folder / name
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != size:
                return f"{name} has {path.stat().st_size} bytes, not {size}"
        return None if files else "the record names no files"

    def _forget(self) -> None:
        whole = [saved for saved in self.newest_first() if saved.damage is None]
        for saved in whole[self._keep :]:
            # The record goes first: a checkpoint without one is none.
            for path in [saved.prefix.with_suffix(".json"), *self._folder.glob(f"{saved.prefix.name}.*")]:
                path.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    # Some file systems cannot sync a folder; the rename is atomic there all the same.
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
