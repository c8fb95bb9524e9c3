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
from tfjob_kit.config import catalogue
from tfjob_kit.config.catalogue import Group
from tfjob_kit.config.files.search_path import make_search_path

__all__ = ["Options", "find_options"]

_ENTRY = re.compile(
    r"\s*-\s+(?:optional\s+|override\s+)*/?(?P<group>[\w/-]+)(?:@[\w.]+)?\s*:\s*(?P<option>[\w-]+)?"
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be chosen.

    Attributes:
        groups: By name.
        base: The file whose defaults list says what is chosen without overrides; None if there is none.
        chosen: Group -> option of the line.
    """

    groups: dict[str, Group]
    base: Path | None
    chosen: dict[str, str]

    @functools.cached_property
    def defaults(self) -> dict[str, str]:
        """Group -> option of the base file's defaults list; empty where that chooses none."""
        found = (_ENTRY.match(line) for line in _lines(self.base)) if self.base else ()
        return {entry["group"]: entry["option"] or "" for entry in found if entry}

    def below(self, path: Sequence[str]) -> dict[str, Any]:
        """What the chosen option's file holds at a path of the config: `model.params`."""
        name, *rest = path
        wanted = self.chosen.get(name) or self.defaults.get(name, "")
        options = self.groups[name].options if name in self.groups else ()
        files = [option.path for option in options if option.name == wanted]
        found: Any = _read(files[0]) if files else {}
        for part in rest:
            found = cast("dict[str, Any]", found).get(part) if isinstance(found, dict) else None
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def find_options(conf_dir: str | None, *, cwd: Path, chosen: dict[str, str]) -> Options:
    """Lists what there is; a folder of `--conf-dir` that cannot be read is left out."""
    folder = Path(conf_dir).expanduser() if conf_dir else None
    try:
        found = catalogue.list_groups(conf_dir=folder, cwd=cwd)
    except errors.ConfigError:
        folder = None
        found = catalogue.list_groups(conf_dir=None, cwd=cwd)
    files = make_search_path(conf_dir=folder, cwd=cwd).files
    return Options(groups={group.name: group for group in found}, base=files.get("config"), chosen=chosen)


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
