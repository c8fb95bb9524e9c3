"""The files of a Hydra tree, read.

Owns which files there are, which of them is the one that a run starts from, and the comments in them. Must
not know what becomes of a key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit import errors
from tfjob_kit.config.files.document import Document, read_document
from tfjob_kit.config.files.search_path import DEEPEST, show_path
from tfjob_kit.config.hydra_tree.notices import Notice
from tfjob_kit.config.nearest import nearest
from tfjob_kit.config.tree.source import Source

__all__ = ["HydraFile", "HydraTree", "read_tree"]

_SUFFIX = ".yaml"
_DEFAULT_BASE = "config"
_DIRECTIVE = re.compile(r"#\s*(?:@package\b|yaml-language-server\s*:|-\*-)")
_TRAILING = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?:^|\s)#\s?(.*)$""")


@dataclass(frozen=True, kw_only=True)
class HydraFile:
    """One file.

    Attributes:
        name: `model/mnist`, or `config` at the top.
        document: Its content.
        lines: Its text.
    """

    name: str
    document: Document
    lines: tuple[str, ...]

    @property
    def group(self) -> str:
        """`model`; empty at the top."""
        return self.name.rpartition("/")[0]

    @property
    def head(self) -> list[str]:
        """The comment that opens the file, without the `#` and without directives."""
        return [
            line.lstrip("#").rstrip()
            for line in self._head_lines()
            if line.strip() and not _DIRECTIVE.match(line)
        ]

    def above(self, source: Source) -> list[str]:
        """The comment lines right above a line of the file, without the `#`."""
        found: list[str] = []
        first = sum(1 for _ in self._head_lines())
        number = (source.line or 1) - 2
        while number >= first and self.lines[number].lstrip().startswith("#"):
            found.insert(0, self.lines[number].lstrip().lstrip("#").rstrip())
            number -= 1
        return found

    def beside(self, source: Source) -> str:
        """The comment at the end of a line of the file; empty where there is none."""
        line = self.lines[(source.line or 1) - 1] if self.lines else ""
        return next((match[2].rstrip() for match in _TRAILING.finditer(line) if match[2]), "")

    def _head_lines(self) -> Iterator[str]:
        """Lines of the opening comment; blank ones may stand between directives and it."""
        only_directives = True
        for line in self.lines:
            is_comment = line.startswith("#")
            if not is_comment and (line.strip() or not only_directives):
                return
            only_directives = only_directives and (not is_comment or bool(_DIRECTIVE.match(line)))
            yield line


@dataclass(frozen=True, kw_only=True)
class HydraTree:
    """All of them.

    Attributes:
        base: The name of the file that a run starts from.
        files: Name -> file.
        notices: Files that could not be read, or that stand aside.
    """

    base: str
    files: dict[str, HydraFile]
    notices: tuple[Notice, ...]


def read_tree(folder: Path, *, config_name: str | None, cwd: Path) -> HydraTree:
    """Reads the YAML files of a folder.

    Args:
        folder: What Hydra calls `config_path`.
        config_name: The file that a run starts from; default: `config`, or the only one at the top.
        cwd: Paths below it are shown relative to it.

    Raises:
        ConfigError: No such folder, no file to start from, or one that cannot be read.
    """
    paths = dict(_paths(folder))
    if not paths:
        raise errors.ConfigError(
            "no YAML files of a Hydra tree", where=str(folder), hint="name the folder that holds config.yaml"
        )
    base = _base(paths, config_name, folder)
    files: dict[str, HydraFile] = {}
    notices: list[Notice] = []
    for name, path in paths.items():
        shown = show_path(path, cwd=cwd)
        try:
            document = read_document(path, shown=shown)
        except errors.ConfigError as error:
            if name == base:
                raise
            notices.append(_unread(shown, error))
            continue
        text = path.read_text(encoding="utf-8-sig")
        files[name] = HydraFile(name=name, document=document, lines=tuple(text.splitlines()))
    return HydraTree(base=base, files=files, notices=tuple(notices))


def _unread(shown: str, error: errors.ConfigError) -> Notice:
    line = re.search(r":([0-9]+)(?::[0-9]+)?$", error.where or "")
    return Notice(
        kind="left_out",
        path=shown,
        line=int(line[1]) if line else 1,
        text="the whole file",
        message=f"it cannot be read: {error.message}",
        instead=error.hint,
    )


def _base(paths: dict[str, Path], config_name: str | None, folder: Path) -> str:
    top = [name for name in paths if "/" not in name]
    wanted = (config_name or "").removesuffix(_SUFFIX)
    if wanted:
        if wanted in paths:
            return wanted
        raise errors.ConfigError(
            f"no file `{wanted}{_SUFFIX}` to start from",
            where=str(folder),
            nearest=nearest(wanted, top),
            hint=f"at the top there are: {', '.join(top) or 'none'}",
        )
    if _DEFAULT_BASE in top:
        return _DEFAULT_BASE
    if len(top) == 1:
        return top[0]
    raise errors.ConfigError(
        "no config.yaml, so the file that a run starts from must be named",
        where=str(folder),
        hint="\n".join(f"--config-name {name}" for name in top) or "name the folder that holds config.yaml",
    )


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every YAML file by its name, as deep as ours are looked for."""
    try:
        os.listdir(folder)
    except OSError as error:
        raise errors.ConfigError(
            f"the folder cannot be read: {error.strerror}",
            where=str(folder),
            hint="name the folder that holds config.yaml",
        ) from error
    for root, dirs, names in os.walk(folder, followlinks=True):
        depth = len(Path(root).relative_to(folder).parts)
        dirs[:] = sorted(d for d in dirs if not d.startswith((".", "__")) and depth < DEEPEST)
        for name in sorted(names):
            if name.endswith(_SUFFIX) and not name.startswith("."):
                path = Path(root, name)
                yield path.relative_to(folder).with_suffix("").as_posix(), path
