"""One option of a group: its file, and what the comment that opens it says.

Reads no YAML, so that a broken file is still listed, and imports nothing that a person who presses Tab would
have to wait for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit import bundled
from tfjob_kit.config.files.search_path import SearchPath

__all__ = ["Option", "read_option"]

_DIRECTIVE = re.compile(r"#\s*(?:@package\s+(?P<package>\S+)|yaml-language-server\s*:.*|-\*-.*)\s*$")
_COMMAND = re.compile(r"tfjob-kit (?:run|render|sweep)\b.*?(?=\s{2,}|\s*$)")
"""Up to a wider gap: what stands behind one is a remark."""
_LONGEST_HEAD = 16_384
"""Characters of a file that are looked at for the comment that opens it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One file that a group offers.

    Attributes:
        group: Its group's path: `model`, `train/optimizer`.
        name: As it is chosen: `resnet50`.
        about: The first line of the comment that opens the file; empty without one.
        commands: Lines of that comment that are commands of the kit, as written behind the `#`.
        package: Of its `# @package` header; None without one.
        path: The file.
        shown: Its path for people.
        folder: The folder of the search path that it lies in, for people; None for the kit's own.
        hides_shipped: The kit has an option of this name, which this file replaces.
    """

    group: str
    name: str
    about: str
    commands: tuple[str, ...]
    package: str | None
    path: Path
    shown: str
    folder: str | None
    hides_shipped: bool


def read_option(search_path: SearchPath, group: str, name: str) -> Option:
    """The option of that name, whose file is on the search path."""
    path = search_path.files[f"{group}/{name}"]
    shipped = bundled.bundled_dir("conf")
    package, comment = _head(path)
    folder = next(each for each in search_path.dirs if path.is_relative_to(each))
    is_shipped = folder.resolve() == shipped.resolve()
    return Option(
        group=group,
        name=name,
        about=" ".join(comment[0].split()) if comment else "",
        commands=tuple(match[0] for line in comment if (match := _COMMAND.match(line))),
        package=package,
        path=path,
        shown=search_path.show(path),
        folder=None if is_shipped else search_path.show(folder),
        hides_shipped=not is_shipped and (shipped / group / f"{name}.yaml").is_file(),
    )


def _head(path: Path) -> tuple[str | None, list[str]]:
    """The package and the comment that open a file; nothing of a file that cannot be read."""
    package: str | None = None
    comment: list[str] = []
    for line in _first_lines(path):
        directive = _DIRECTIVE.match(line)
        if directive:
            package = package or directive["package"]
        elif line.startswith("#"):
            comment += [text] if (text := line.lstrip("#").strip()) or comment else []
        elif line.strip() or comment:
            break
    return package, comment


def _first_lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.read(_LONGEST_HEAD).splitlines()
    except OSError:
        return []
