"""Where in Hydra's config the body of each file lands.

Owns following the defaults lists and the `# @package` headers. A file may land in several places, one for
each `group@package` that names it; one that nothing names lands where its folder says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfjob_kit.config.files import packages
from tfjob_kit.config.hydra_tree.entries import HydraDefaults
from tfjob_kit.config.hydra_tree.files import HydraFile, HydraTree

__all__ = ["find_packages", "header_package"]

_GROUP = "_group_"
_NAME = "_name_"


def find_packages(tree: HydraTree, defaults: Mapping[str, HydraDefaults]) -> dict[str, tuple[str, ...]]:
    """File -> the packages of its body, the root as empty text; other files at the top are in no run."""
    walk = _Walk(tree=tree, defaults=defaults)
    walk.visit(tree.base, "")
    for name, file in tree.files.items():
        if "/" in name and name not in walk.found:
            walk.visit(name, _own_package(file))
    return {name: tuple(found) for name, found in walk.found.items()}


def header_package(file: HydraFile) -> str | None:
    """The package that a file's header names, those of Hydra 1.0 resolved; None without a header."""
    package = file.document.package
    if package is None:
        return None
    option = file.name.rpartition("/")[2]
    dotted = file.group.replace("/", ".")
    return packages.absolute(package.replace(_GROUP, dotted).replace(_NAME, option))


def _own_package(file: HydraFile) -> str:
    header = header_package(file)
    return file.group.replace("/", ".") if header is None else header


@dataclass(kw_only=True)
class _Walk:
    """The files reached so far, each with its packages in the order in which they were found."""

    tree: HydraTree
    defaults: Mapping[str, HydraDefaults]
    found: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])

    def visit(self, name: str, package: str) -> None:
        places = self.found.setdefault(name, {})
        if package in places:
            return
        places[package] = None
        file = self.tree.files[name]
        for entry in self.defaults[name].entries:
            if entry.kind == "self" or entry.mark == "override":
                continue
            target = packages.join(file.group, entry.group)
            if entry.kind == "file":
                inside = package if entry.package is None else packages.inside(package, entry.package)
                self.reach(target, inside, has_package=entry.package is not None)
                continue
            inside = packages.package_of(entry, target, package)
            for option in self.tree.files:
                if option.rpartition("/")[0] == target:
                    self.reach(option, inside, has_package=entry.package is not None)

    def reach(self, name: str, package: str, *, has_package: bool) -> None:
        if name in self.tree.files:
            header = None if has_package else header_package(self.tree.files[name])
            self.visit(name, package if header is None else header)
