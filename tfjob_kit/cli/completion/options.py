"""Groups, their options and what an option's file holds, as far as it can be had in a few milliseconds.

Looked at are the files alone, each by itself: composing takes longer than a person waits for Tab.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tfjob_kit import errors
from tfjob_kit.config.files.option import Option, read_option
from tfjob_kit.config.files.search_path import SearchPath, make_search_path

__all__ = ["Options", "find_options"]

_ENTRY = re.compile(
    r"\s*-\s+(?:optional\s+|override\s+)*/?(?P<group>[\w/-]+)(?:@[\w.]+)?\s*:\s*(?P<option>[\w-]+)?"
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be chosen.

    Attributes:
        path: Folders and files.
        chosen: Group -> option of the line.
    """

    path: SearchPath
    chosen: dict[str, str]

    @property
    def groups(self) -> list[str]:
        """Every group, sorted."""
        return sorted(self.path.groups)

    def options(self, group: str) -> list[Option]:
        """The options of a group, sorted."""
        return [read_option(self.path, group, name) for name in self.path.options(group)]

    @functools.cached_property
    def defaults(self) -> dict[str, str]:
        """Group -> option of the base file's defaults list; empty where that chooses none."""
        base = self.path.files.get("config")
        found = (_ENTRY.match(line) for line in _lines(base)) if base else ()
        listed = {entry["group"]: entry["option"] for entry in found if entry}
        return {group: "" if option in (None, "null") else option for group, option in listed.items()}

    def below(self, path: Sequence[str]) -> dict[str, Any]:
        """What the chosen option's file holds at a path of the config: `model.params`."""
        name, *rest = path
        option = self.chosen.get(name) or self.defaults.get(name, "")
        file = self.path.files.get(f"{name}/{option}")
        found: Any = {} if file is None else _read(file)
        for part in rest:
            found = cast("dict[str, Any]", found).get(part) if isinstance(found, dict) else None
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def find_options(conf_dir: str | None, *, cwd: Path, chosen: dict[str, str]) -> Options:
    """Lists what there is; a folder of `--conf-dir` that cannot be read is left out."""
    folder = Path(conf_dir).expanduser() if conf_dir else None
    try:
        return Options(path=make_search_path(conf_dir=folder, cwd=cwd), chosen=chosen)
    except errors.ConfigError:
        return Options(path=make_search_path(conf_dir=None, cwd=cwd), chosen=chosen)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
