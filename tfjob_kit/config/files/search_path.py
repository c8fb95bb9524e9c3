"""Where option files are looked for: `--conf-dir`, `./conf`, the shipped `conf/`; first match per file.

Owns which groups and options exist and how their paths are shown. Must not read the files.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit import bundled, errors

SUFFIX = ".yaml"
DEEPEST = 4  # Folders below conf/ that are looked into; a link that leads in a circle ends there.


@dataclass(frozen=True, kw_only=True)
class SearchPath:
    """The folders in order of search, and what they hold.

    Attributes:
        dirs: Folders that exist, first match wins.
        files: `group/option` (or a name at the top) -> its file.
        cwd: Paths below it are shown relative to it.
    """

    dirs: tuple[Path, ...]
    files: dict[str, Path]
    cwd: Path

    @functools.cached_property
    def groups(self) -> frozenset[str]:
        """Every folder that holds an option."""
        return frozenset(name.rpartition("/")[0] for name in self.files if "/" in name)

    def options(self, group: str) -> list[str]:
        """Options of a group, sorted."""
        return sorted(n.rpartition("/")[2] for n in self.files if n.rpartition("/")[0] == group)

    def show(self, path: Path) -> str:
        """The path for people: relative to the working directory, shipped files as `conf/...`."""
        return show_path(path, cwd=self.cwd)

    @property
    def folders(self) -> str:
        """The folders for a hint; the shipped one is told apart from the user's `conf`."""
        own = bundled.bundled_dir("conf")
        is_shipped = [folder == own and folder != self.cwd / "conf" for folder in self.dirs]
        names = [self.show(folder) for folder in self.dirs]
        return ", ".join(f"shipped {n}" if s else n for n, s in zip(names, is_shipped, strict=True))


def show_path(path: Path, *, cwd: Path) -> str:
    """A path for people: shipped ones as `conf/...` or `models/...`, others relative to `cwd` if below."""
    for folder in (bundled.bundled_dir("conf"), bundled.bundled_dir("models")):
        if path.is_relative_to(folder):
            return path.relative_to(folder.parent).as_posix()
    return (path.relative_to(cwd) if path.is_relative_to(cwd) else path).as_posix()


def make_search_path(*, conf_dir: Path | None, cwd: Path) -> SearchPath:
    """Lists what can be chosen.

    Args:
        conf_dir: `--conf-dir`; relative to `cwd`.
        cwd: The working directory.

    Raises:
        ConfigError: `conf_dir` is no folder that can be read.
    """
    shipped = bundled.bundled_dir("conf")
    wanted = [] if conf_dir is None else [_existing(conf_dir, cwd)]
    wanted += [folder for folder in (cwd / "conf", shipped) if folder.is_dir()]
    dirs = tuple({folder.resolve(): folder for folder in reversed(wanted)}.values())[::-1]
    files: dict[str, Path] = {}
    for folder in dirs:
        for path in _option_files(folder):
            files.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return SearchPath(dirs=dirs, files=files, cwd=cwd)


def _existing(conf_dir: Path, cwd: Path) -> Path:
    folder = Path(os.path.normpath(cwd / conf_dir))
    try:
        os.listdir(folder)
    except (OSError, ValueError) as error:
        raise errors.ConfigError(
            f"the folder of --conf-dir cannot be read: {getattr(error, 'strerror', error)}",
            where=str(conf_dir),
            hint="give a folder that holds config.yaml or folders like model/",
        ) from error
    return folder


def _option_files(folder: Path) -> Iterator[Path]:
    for root, dirs, names in os.walk(folder, followlinks=True):
        depth = len(Path(root).relative_to(folder).parts)
        dirs[:] = sorted(d for d in dirs if not d.startswith((".", "_")) and depth < DEEPEST)
        for name in sorted(names):
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield Path(root, name)
