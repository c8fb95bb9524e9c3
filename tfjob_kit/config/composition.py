"""Overrides and files to one validated RunConfig with the source of every leaf.

Owns the order: schema defaults, `config.yaml` with its defaults lists after the command line's group edits,
value overrides as they stand, missing values, interpolation, types. Must not know what follows from a config.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit import errors
from tfjob_kit.config import interpolation, schema
from tfjob_kit.config.edits import Placed, Surroundings, apply_edit, check_edits
from tfjob_kit.config.files.choices import Chosen, choose
from tfjob_kit.config.files.document import read_document
from tfjob_kit.config.files.group_edit import is_group_edit, make_group_edit, unknown_group
from tfjob_kit.config.files.search_path import SearchPath, make_search_path
from tfjob_kit.config.grammar import keys, words
from tfjob_kit.config.grammar.override import parse_override
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import Source
from tfjob_kit.config.typed import convert


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A config and where it came from.

    Attributes:
        config: What the user said, validated.
        sources: Dotted key of each leaf -> its source; list items as `key[0]`, empty lists and dicts as
            themselves.
        warnings: One sentence each.
        conf_dirs: Folders searched, in order.
    """

    config: schema.RunConfig
    sources: Mapping[str, Source]
    warnings: tuple[str, ...]
    conf_dirs: tuple[Path, ...]


def compose(overrides: Sequence[str], *, conf_dir: Path | None = None, cwd: Path | None = None) -> Composed:
    """Composes a run.

    Args:
        overrides: One token each, as on the command line.
        conf_dir: `--conf-dir`, searched first.
        cwd: The working directory, whose `conf/` is searched next; default: the process's.

    Raises:
        OverrideError: An override that cannot be read or applied.
        UnknownChoice: A key, group or option that does not exist.
        MissingValue: Values left open (`???`).
        InvalidValue: A value that its field does not take.
        ConfigError: Files that cannot be read or contradict each other.
    """
    search_path = make_search_path(conf_dir=conf_dir, cwd=cwd or Path.cwd())
    placed = _parse(overrides)
    group_edits = [p for p in placed if is_group_edit(p.override, search_path)]
    value_edits = [p for p in placed if p not in group_edits]
    _check_groups(value_edits, search_path)
    warnings = check_edits(value_edits)
    edits = [make_group_edit(p.override, p.source, search_path) for p in group_edits]
    chosen = choose(search_path, edits)
    tree = _merge(chosen.layers)
    around = _surroundings(search_path, chosen)
    for edit in value_edits:
        tree = apply_edit(tree, edit, around)
    return _finish(tree, warnings, search_path)


def _finish(tree: Node, warnings: tuple[str, ...], search_path: SearchPath) -> Composed:
    tree = convert.fill(tree)
    convert.check_missing(tree)
    tree = convert.fill(interpolation.resolve(tree))
    convert.check_missing(tree)
    return Composed(
        config=convert.convert_run(tree),
        sources={keys.format_path(path): node.source for path, node in nodes.leaves(tree)},
        warnings=warnings,
        conf_dirs=search_path.dirs,
    )


def _parse(overrides: Sequence[str]) -> list[Placed]:
    placed: list[Placed] = []
    for number, raw in enumerate(overrides, 1):
        shown = words.printable(raw)
        source = Source(kind="override", number=number, total=len(overrides), raw=shown)
        try:
            placed.append(Placed(override=parse_override(raw), source=source))
        except errors.OverrideError as error:
            error.where = source.where
            raise
    return placed


def _check_groups(edits: Sequence[Placed], search_path: SearchPath) -> None:
    for edit in edits:
        key = edit.override.key
        if "/" in key and "." not in key and key not in search_path.groups:
            unknown_group(key, edit.source, search_path)


def _merge(layers: Sequence[Node]) -> Node:
    tree = convert.default_node(schema.RunConfig)
    for layer in layers:
        tree = nodes.merge(tree, layer)
    return tree


def _surroundings(search_path: SearchPath, chosen: Chosen) -> Surroundings:
    def options_with(path: keys.Path) -> list[str]:
        taken = {(group, option) for (group, _), slot in chosen.slots.items() for option in slot.options}
        return [
            f"{group}={option}"
            for group in sorted(search_path.groups)
            if path[: group.count("/") + 1] == tuple(group.split("/"))
            for option in search_path.options(group)
            if (group, option) not in taken and _holds(search_path, group, option, path)
        ]

    return Surroundings(groups=search_path.groups, options_with=options_with)


def _holds(search_path: SearchPath, group: str, option: str, path: keys.Path) -> bool:
    file = search_path.files[f"{group}/{option}"]
    try:
        document = read_document(file, shown=search_path.show(file))
    except errors.ConfigError:
        return False
    return nodes.get(document.body, path[group.count("/") + 1 :]) is not None
