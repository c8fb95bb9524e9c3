"""The whole import: a Hydra tree in, texts of our files and a report out.

Owns the order: read, find packages, place values, drop interpolations whose keys went nowhere, keep the
choices whose files are written. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit.config.files import packages
from tfjob_kit.config.grammar.keys import Path as KeyPath
from tfjob_kit.config.hydra_tree import choices, leaves, packaging, placing, renaming, writing
from tfjob_kit.config.hydra_tree.entries import HydraDefaults, read_defaults
from tfjob_kit.config.hydra_tree.files import HydraFile, HydraTree, read_tree
from tfjob_kit.config.hydra_tree.leaves import Leaf
from tfjob_kit.config.hydra_tree.notices import Notice, notice_at

__all__ = ["Imported", "import_tree"]

_BASE = "config"
_OLD_HEADER = ("_group_", "_name_")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import makes.

    Attributes:
        files: Path below the new folder -> text.
        origins: The same path -> the file of the Hydra tree, as shown to people.
        values: How many values are in the new tree.
        notices: What is to be known, by file and line.
    """

    files: Mapping[str, str]
    origins: Mapping[str, str]
    values: int
    notices: tuple[Notice, ...]


def import_tree(folder: Path, *, config_name: str | None = None, cwd: Path) -> Imported:
    """Converts the Hydra tree in a folder.

    Args:
        folder: What Hydra calls `config_path`; relative to `cwd`.
        config_name: The file that a run starts from; default: `config`, or the only one at the top.
        cwd: Paths below it are shown relative to it.

    Raises:
        ConfigError: No tree there, no file to start from, or one that cannot be read.
    """
    tree = read_tree(cwd / folder, config_name=config_name, cwd=cwd)
    defaults = {name: read_defaults(file) for name, file in tree.files.items()}
    return _Import(tree=tree, defaults=defaults, places=packaging.find_packages(tree, defaults)).run()


@dataclass(frozen=True, kw_only=True)
class _Import:
    """One import.

    Attributes:
        places: File -> the packages of its body; files that no run can reach are not in it.
    """

    tree: HydraTree
    defaults: Mapping[str, HydraDefaults]
    places: Mapping[str, tuple[str, ...]]

    @property
    def groups(self) -> frozenset[str]:
        """Groups of the Hydra tree, by path; those inside one another, too."""
        folders = [file.group for file in self.tree.files.values() if file.group]
        return frozenset("/".join(f.split("/")[:n]) for f in folders for n in range(1, f.count("/") + 2))

    def run(self) -> Imported:
        notices = [*self.tree.notices, *self.of_whole_files()]
        kept: dict[str, list[Leaf]] = {}
        for name in self.places:
            kept[name], found = self.place(self.tree.files[name])
            notices += [*found, *self.defaults[name].notices]
        kept, found = renaming.follow_moves(kept, self.groups)
        written = [name for name in self.places if self.target(name) is not None]
        files: dict[str, str] = {}
        origins: dict[str, str] = {}
        for name in written:
            path = f"{self.new_name(name)}.yaml"
            files[path], dropped = self.write(name, kept[name], written)
            origins[path] = self.tree.files[name].document.path
            found += dropped
        return Imported(
            files=files,
            origins=origins,
            values=sum(len(kept[name]) for name in written),
            notices=_sorted([*notices, *found]),
        )

    def place(self, file: HydraFile) -> tuple[list[Leaf], list[Notice]]:
        """The values of a file; in several packages those that have the same place in all of them."""
        first, *others = self.packages(file.name)
        kept, notices = leaves.place_body(file.document.body, first, self.groups)
        for package in others:
            again, _ = leaves.place_body(file.document.body, package, self.groups)
            here = {self.inside(leaf, package) for leaf in again}
            odd = [leaf for leaf in kept if self.inside(leaf, first) not in here]
            notices += [
                notice_at(
                    leaf.node.source,
                    leaves.written(leaf.old, leaf.node),
                    f"it has no place under `{package}`, where this file is used as well",
                    instead="write a file for each of the two",
                )
                for leaf in odd
            ]
            kept = [leaf for leaf in kept if leaf not in odd]
        return kept, notices

    def packages(self, name: str) -> list[str]:
        """The packages of a file that are some of ours; its first where none is."""
        places = self.places[name]
        return [each for each in places if placing.map_package(each, self.groups) is not None] or [places[0]]

    def inside(self, leaf: Leaf, package: str) -> tuple[KeyPath, KeyPath]:
        """A leaf's old and new path without the package of its file."""
        old, new = _parts(package), _parts(placing.map_package(package, self.groups) or "")
        return leaf.old[len(old) :], leaf.new[len(new) :]

    def target(self, name: str) -> str | None:
        """Our package for the body of a file; None when it is not written."""
        if name.split("/")[0] == "hydra":
            return None
        return placing.map_package(self.packages(name)[0], self.groups)

    def new_name(self, name: str) -> str:
        return _BASE if name == self.tree.base else name

    def write(self, name: str, kept: list[Leaf], written: list[str]) -> tuple[str, list[Notice]]:
        file, target = self.tree.files[name], self.target(name) or ""
        entries, notices = choices.keep_choices(
            file,
            self.defaults[name],
            package=self.packages(name)[0],
            files=self.tree.files,
            written=written,
            chosen=self.chosen(written),
            groups=self.groups,
            without_header=frozenset(
                file.group
                for file in self.tree.files.values()
                if file.name in self.places and len(self.places[file.name]) > 1
            ),
        )
        option = name.rpartition("/")[2]
        text = writing.write_file(
            file,
            command=f"tfjob-kit run {file.group}={option}" if file.group else "tfjob-kit run",
            package=self.header(file, target),
            entries=entries,
            leaves=kept,
            under=_parts(target),
        )
        return text, notices

    def header(self, file: HydraFile, target: str) -> str | None:
        """The package that the new file has to name: its own, where its folder says otherwise."""
        if not file.group or len(self.packages(file.name)) > 1:
            return None
        package = file.document.package
        if package is not None and not any(word in package for word in _OLD_HEADER):
            return target
        return None if target == self.packages(file.name)[0] else target

    def chosen(self, written: list[str]) -> frozenset[str]:
        """Groups that a list of the new tree chooses from."""
        return frozenset(
            packages.join(self.tree.files[name].group, entry.group)
            for name in written
            for entry in self.defaults[name].entries
            if entry.kind == "group" and entry.mark != "override"
        )

    def of_whole_files(self) -> list[Notice]:
        """What is said of files as such: those that no run reaches, and signs of Hydra 1.0."""
        notices: list[Notice] = []
        is_old = any(each.is_old for each in self.defaults.values()) or any(
            word in (file.document.package or "") for file in self.tree.files.values() for word in _OLD_HEADER
        )
        for name, file in self.tree.files.items():
            source = file.document.body.source
            if name not in self.places:
                notices.append(
                    notice_at(
                        source,
                        "the whole file",
                        "a run starts from another file at the top",
                        instead=f"import it into a folder of its own: --config-name {name} --to DIR",
                    )
                )
            elif is_old and self.leaves_order_open(name):
                notices.append(
                    notice_at(
                        source,
                        "defaults:",
                        "without `_self_` its keys win over its choices, as from Hydra 1.1 on",
                        kind="note",
                        instead="for the order of Hydra 1.0 put `- _self_` first in the list",
                    )
                )
        return notices

    def leaves_order_open(self, name: str) -> bool:
        """Whether a file has keys and choices and does not say which win."""
        defaults = self.defaults[name]
        body = self.tree.files[name].document.body.content
        return bool(
            defaults.is_listed and body and not any(entry.kind == "self" for entry in defaults.entries)
        )


def _parts(package: str) -> tuple[str, ...]:
    return tuple(package.split(".")) if package else ()


def _sorted(notices: list[Notice]) -> tuple[Notice, ...]:
    """By file and line; of a value that is left out nothing else is said."""
    gone = {(each.where, each.text) for each in notices if each.kind == "left_out"}
    told = [each for each in notices if each.kind == "left_out" or (each.where, each.text) not in gone]
    return tuple(sorted(dict.fromkeys(told), key=lambda each: (each.path, each.line)))
