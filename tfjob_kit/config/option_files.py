"""What option files set, and which of them a run takes when no override chooses.

Owns the half of a listing that has to read YAML; names and comments are the catalogue's. A file that cannot
be read is a part of what is listed, not the end of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfjob_kit import errors
from tfjob_kit.config.catalogue import Option
from tfjob_kit.config.files import choices, defaults_list, document, packages
from tfjob_kit.config.files.search_path import SearchPath, make_search_path
from tfjob_kit.config.grammar import keys, writing
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node

__all__ = ["Contents", "Selection", "read_contents", "read_selection"]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The options that a run without overrides takes.

    Attributes:
        chosen: Group -> its options; `???` where the user must choose. Other groups take no part.
        problem: Why this is what `config.yaml` alone says, or nothing: the files do not compose.
    """

    chosen: Mapping[str, tuple[str, ...]]
    problem: errors.ConfigError | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What one option file does.

    Attributes:
        tokens: Each key it sets, as an override with the same effect, quoted for a shell.
        values: Dotted key from the root of the config -> value as plain data.
        brings: Choices of other groups that its defaults list makes: `data=imagenet_synthetic`.
        problem: Why nothing of it could be read.
    """

    tokens: tuple[str, ...] = ()
    values: Mapping[str, Any]
    brings: tuple[str, ...] = ()
    problem: errors.ConfigError | None = None


def read_selection(*, conf_dir: Path | None, cwd: Path) -> Selection:
    """Which options are taken without overrides.

    Raises:
        ConfigError: `conf_dir` is no folder that can be read.
    """
    search_path = make_search_path(conf_dir=conf_dir, cwd=cwd)
    try:
        slots = choices.choose(search_path, []).slots
    except errors.ConfigError as error:
        return _of_base(search_path, error)
    chosen: dict[str, tuple[str, ...]] = {}
    for (group, _), slot in slots.items():
        chosen[group] = (*chosen.get(group, ()), *slot.options)
    return Selection(chosen=chosen)


def _of_base(search_path: SearchPath, problem: errors.ConfigError) -> Selection:
    """What `config.yaml` itself names; a choice left open is no problem of the files."""
    is_open = isinstance(problem, errors.MissingValue)
    try:
        path = search_path.files[choices.BASE]
        entries = defaults_list.read_entries(document.read_document(path, shown=search_path.show(path)))
    except (KeyError, errors.ConfigError):
        return Selection(chosen={}, problem=problem)
    chosen = {packages.join("", entry.group): entry.options for entry in entries if entry.kind == "group"}
    return Selection(chosen=chosen, problem=None if is_open else problem)


def read_contents(option: Option) -> Contents:
    """What an option's file sets, its own defaults list aside."""
    try:
        read = document.read_document(option.path, shown=option.shown)
        entries = defaults_list.read_entries(read)
    except errors.ConfigError as error:
        return Contents(values={}, problem=error)
    package = option.group.replace("/", ".") if read.package is None else packages.absolute(read.package)
    tree = packages.placed(read.body, package)
    leaves = [(path, node) for path, node in nodes.leaves(tree) if not _is_nothing(path, node, package)]
    return Contents(
        tokens=tuple(writing.for_shell(f"{keys.format_path(path)}={_value(node)}") for path, node in leaves),
        values={keys.format_path(path): nodes.plain(node) for path, node in leaves},
        brings=tuple(
            f"{packages.join(option.group, entry.group)}={','.join(entry.options) or 'null'}"
            for entry in entries
            if entry.kind == "group"
        ),
    )


def _value(node: Node) -> str:
    """The value as an override has it, a number as the file writes it."""
    is_text = isinstance(node.content, Word) and isinstance(node.content.value, str)
    return writing.format_value(nodes.plain(node)) if is_text else nodes.as_text(node)


def _is_nothing(path: keys.Path, node: Node, package: str) -> bool:
    """Whether this is the empty body of a file, not an empty value in it."""
    return not isinstance(node.content, Word) and len(path) <= len(package.split(".") if package else [])
