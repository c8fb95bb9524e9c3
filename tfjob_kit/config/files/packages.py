"""Groups and packages: where an option lies on disk and where its keys go.

Owns joining group paths and packages. An absolute group (`/data`) has its own path as package, a relative one
lies inside the package of its file; `_global_` is the root, `_here_` the file's own package.
"""

from __future__ import annotations

from dataclasses import replace

from tfjob_kit.config.files.defaults_list import Entry
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import Source

GLOBAL = "_global_"
HERE = "_here_"

Key = tuple[str, str]
"""A group and the package it goes to."""


def matches(group: str, package: str | None, key: Key) -> bool:
    """Whether a group, and a package where one is named, mean the place `key`."""
    if group != key[0]:
        return False
    return key[1] == (group.replace("/", ".") if package is None else absolute(package))


def join(group: str, name: str) -> str:
    """The path of a group or file named in a defaults list of `group`."""
    if name.startswith("/"):
        return name[1:]
    return f"{group}/{name}" if group else name


def split(name: str) -> tuple[str, str]:
    """Group and option of a path."""
    group, _, option = name.rpartition("/")
    return group, option


def package_of(entry: Entry, name: str, parent: str) -> str:
    """The package of the options that an entry of a file in package `parent` names."""
    if entry.package is not None:
        return inside(parent, entry.package)
    if entry.group.startswith("/"):
        return name.replace("/", ".")
    return inside(parent, entry.group.replace("/", "."))


def inside(parent: str, package: str) -> str:
    """A package as written in a file whose own package is `parent`."""
    if package == GLOBAL or package.startswith(GLOBAL + "."):
        return absolute(package)
    if package == HERE:
        return parent
    return f"{parent}.{package.removeprefix(HERE + '.')}".strip(".")


def absolute(package: str) -> str:
    """A package as written on the command line or in a header."""
    return package.removeprefix(GLOBAL).strip(".")


def placed(body: Node, package: str, source: Source | None = None) -> Node:
    """The body under its package, which was named at `source`; by default where the body begins."""
    source = source or body.source
    for part in reversed(package.split(".")) if package else ():
        body = Node(content={part: replace(body, source=source)}, source=source)
    return body
