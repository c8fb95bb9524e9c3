"""`config import-hydra`: a tree of Hydra configs becomes one of ours."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit import errors
from tfjob_kit.cli import console, options

if TYPE_CHECKING:
    from tfjob_kit.config.hydra_tree import Imported, Notice

__all__ = ["import_hydra"]

_LABELS = {"left_out": "left out", "changed": "changed", "note": "note"}
_COLOURS = {"left_out": "yellow", "changed": "cyan", "note": "dim"}


def import_hydra(
    folder: options.HydraFolder,
    to: options.NewFolder = Path("conf"),
    config_name: options.ConfigName = None,
    dry_run: options.DryImport = False,
    output: options.Output = "text",
) -> None:
    """Convert a tree of Hydra configs into a conf folder.

    DIR is what Hydra calls config_path. What has no place here is told by file and line, with what to do
    instead. No file is overwritten.
    """
    from tfjob_kit.config import hydra_tree

    _check_free(to)
    imported = hydra_tree.import_tree(folder, config_name=config_name, cwd=Path.cwd())
    problem = _write(to, imported.files, dry_run=dry_run)
    if output == "json":
        console.put_json(_object(imported, to, problem, dry_run=dry_run))
        return
    for path, origin in imported.origins.items():
        console.put(f"{to / path}  from {origin}")
    for notice in imported.notices:
        console.put(_text(notice))
    done = f"{imported.values} values in {len(imported.files)} files"
    console.say(f"dry run, nothing is written: {done}" if dry_run else f"written to {to}: {done}")
    if problem is not None:
        where = f" ({problem.where})" if problem.where else ""
        console.warn(f"it does not compose yet: {problem.message}{where}")


def _check_free(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise errors.UsageError(
            f"`--to`: {folder} is there already, and no file is overwritten",
            hint="name another folder, e.g. --to conf-new; `--conf-dir conf-new` uses it",
        )


def _write(to: Path, files: Mapping[str, str], *, dry_run: bool) -> errors.ConfigError | None:
    """Writes all files beside the folder, then gives them its name; says why they do not compose."""
    try:
        above = Path(tempfile.gettempdir()) if dry_run else to.absolute().parent
        above.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".import-hydra-", dir=above))
    except OSError as error:
        raise _not_written(to, error) from error
    try:
        for name, text in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        problem = _compose(draft)
        if not dry_run:
            draft.chmod(0o755)
            os.rename(draft, to)
    except OSError as error:
        raise _not_written(to, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return problem


def _compose(folder: Path) -> errors.ConfigError | None:
    """Why the files do not make a run; values left to the user are no reason."""
    from tfjob_kit import config

    try:
        config.compose([], conf_dir=folder, cwd=folder)
    except errors.MissingValue:
        return None
    except errors.ConfigError as error:
        if error.where:
            error.where = error.where.replace(f"{folder}/", "")
        return error
    return None


def _not_written(folder: Path, error: OSError) -> errors.UsageError:
    return errors.UsageError(
        f"`--to`: {folder} cannot be written: {error.strerror}", hint="name a folder of your own"
    )


def _text(notice: Notice) -> str:
    label = console.paint(_LABELS[notice.kind], _COLOURS[notice.kind])
    lines = [f"{notice.where}: {label}: {notice.text}", f"    {notice.message}"]
    return "\n".join([*lines, f"    instead: {notice.instead}"] if notice.instead else lines)


def _object(
    imported: Imported, to: Path, problem: errors.ConfigError | None, *, dry_run: bool
) -> dict[str, Any]:
    return {
        "folder": str(to),
        "written": not dry_run,
        "files": [
            {"path": path, "from": imported.origins[path], "text": text}
            for path, text in imported.files.items()
        ],
        "values": imported.values,
        "notices": [
            {
                "kind": each.kind,
                "where": each.where,
                "text": each.text,
                "message": each.message,
                "instead": each.instead,
            }
            for each in imported.notices
        ],
        "problem": None if problem is None else problem.as_dict(),
    }
