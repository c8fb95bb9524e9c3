"""Where the shipped `conf/` and `models/` lie, and where a user's own models are looked for.

Launcher and runtime both need this, so it sits beside the contract and imports the standard library alone.
Must not know what the files mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = ["bundled_dir", "model_dirs"]

_PACKAGE = Path(__file__).resolve().parent


def bundled_dir(name: Literal["conf", "models"], *, package: Path = _PACKAGE) -> Path:
    """The shipped folder: `tfjob_kit/_bundled/<name>` in a wheel, the package's sibling in a checkout.

    Args:
        name: Which of the two.
        package: The package's own folder.
    """
    in_wheel = package / "_bundled" / name
    return in_wheel if in_wheel.is_dir() else package.parent / name


def model_dirs(cwd: Path, *, conf_dir: Path | None = None) -> tuple[Path, ...]:
    """Folders that may hold `<name>.py`, first match wins; those that do not exist are left out.

    Args:
        cwd: The working directory; its `models/` comes before the shipped one.
        conf_dir: `--conf-dir`, whose sibling `models/` comes first.
    """
    beside = () if conf_dir is None else ((cwd / conf_dir).resolve().parent / "models",)
    folders = (*beside, cwd / "models", bundled_dir("models"))
    unique = {folder.resolve(): folder for folder in reversed(folders)}
    return tuple(folder for folder in folders if folder.is_dir() and unique[folder.resolve()] is folder)
