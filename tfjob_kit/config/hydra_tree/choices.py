"""The defaults lists of the new tree.

Owns which choices stay: those whose files are written. Must not know values.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import replace

from tfjob_kit.config.files import packages
from tfjob_kit.config.files.defaults_list import MISSING, Entry
from tfjob_kit.config.hydra_tree import placing
from tfjob_kit.config.hydra_tree.entries import HydraDefaults
from tfjob_kit.config.hydra_tree.files import HydraFile
from tfjob_kit.config.hydra_tree.notices import Notice, notice_at

__all__ = ["keep_choices"]


def keep_choices(
    file: HydraFile,
    defaults: HydraDefaults,
    *,
    package: str,
    files: Collection[str],
    written: Collection[str],
    chosen: Set[str],
    groups: Set[str],
    without_header: Set[str],
) -> tuple[list[Entry], list[Notice]]:
    """The entries of one file that stay.

    Args:
        file: The file.
        defaults: Its list.
        package: Where its body lies in Hydra's config.
        files: Names of all files of the Hydra tree.
        written: Names of those that are in the new tree.
        chosen: Groups that some list chooses, without `override`.
        groups: Groups of the Hydra tree.
        without_header: Groups whose files lie in several packages, so that each choice has to name its own.
    """
    entries: list[Entry] = []
    notices: list[Notice] = []
    for entry in defaults.entries:
        if entry.kind == "self":
            entries.append(entry)
            continue
        name = packages.join(file.group, entry.group)
        problem = _problem(entry, name, files=files, written=written, chosen=chosen)
        if problem is not None:
            notices.append(notice_at(entry.source, _text(entry), *problem))
            continue
        moved = _moved(entry, name, package, groups, without_header)
        if moved is None:
            notices.append(notice_at(entry.source, _text(entry), "there is no such package here"))
        else:
            entries.append(moved)
    return entries, notices


def _problem(
    entry: Entry, name: str, *, files: Collection[str], written: Collection[str], chosen: Set[str]
) -> tuple[str] | None:
    """Why an entry does not stay."""
    names = [name] if entry.kind == "file" else [f"{name}/{option}" for option in entry.options]
    in_group = [each for each in written if each.rpartition("/")[0] == name]
    if entry.mark == "override" and name not in chosen:
        return (f"no list chooses from `{name}`, so there is nothing to override",)
    if entry.kind == "group" and (not entry.options or MISSING in entry.options):
        return None if in_group else (f"no option of `{name}` is in the new tree",)
    for each in names:
        if each not in files and entry.mark != "optional":
            return (
                f"there is no file `{each}.yaml`: Hydra finds it elsewhere, in its ConfigStore or a package",
            )
        if each in files and each not in written:
            return (f"nothing of `{each}.yaml` has a place here",)
    return None if entry.kind == "file" or in_group else (f"no option of `{name}` is in the new tree",)


def _moved(entry: Entry, name: str, package: str, groups: Set[str], without_header: Set[str]) -> Entry | None:
    """The entry with its package as it is called here; None when there is none."""
    if entry.package is None and (entry.kind == "file" or name not in without_header):
        return entry
    if entry.mark == "override" and entry.package is None:
        target = name.replace("/", ".")
    else:
        target = packages.package_of(entry, name, package)
    mapped = placing.map_package(target, groups)
    if mapped is None or mapped == target:
        return entry if mapped is not None else None
    return replace(entry, package=f"{packages.GLOBAL}.{mapped}")


def _text(entry: Entry) -> str:
    mark = f"{entry.mark} " if entry.mark else ""
    at = f"@{entry.package}" if entry.package else ""
    options = ", ".join(entry.options) or "null"
    return f"- {mark}{entry.group}{at}" + ("" if entry.kind == "file" else f": {options}")
