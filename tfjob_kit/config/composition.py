"""Overrides and files to one validated RunConfig with the source of every leaf.

Owns the order: schema defaults, `config.yaml` with its defaults lists after the command line's group edits,
value overrides as they stand, missing values, interpolation, types. Must not know what follows from a config.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfjob_kit import errors
from tfjob_kit.config import interpolation, schema
from tfjob_kit.config.edits import Placed, Surroundings, apply_edit, check_edits
from tfjob_kit.config.files.choice_errors import Slot
from tfjob_kit.config.files.choices import choose
from tfjob_kit.config.files.document import Document, read_document
from tfjob_kit.config.files.group_edit import GroupEdit, is_group_edit, make_group_edit, unknown_group
from tfjob_kit.config.files.packages import Key
from tfjob_kit.config.files.search_path import SearchPath, make_search_path
from tfjob_kit.config.grammar import keys, words
from tfjob_kit.config.grammar.override import Action, parse_override
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
    return make_composer(conf_dir=conf_dir, cwd=cwd).compose(overrides)


def make_composer(*, conf_dir: Path | None = None, cwd: Path | None = None) -> Composer:
    """A composer for many runs from one set of files.

    Args:
        conf_dir: `--conf-dir`, searched first.
        cwd: The working directory, whose `conf/` is searched next; default: the process's.

    Raises:
        ConfigError: `conf_dir` cannot be read.
    """
    return Composer(search_path=make_search_path(conf_dir=conf_dir, cwd=cwd or Path.cwd()))


@dataclass(frozen=True, kw_only=True)
class Composer:
    """Composes runs that differ in their overrides: what they share is read and merged once.

    The files are those of the first use: a sweep whose files change meanwhile still has one base.

    Attributes:
        search_path: Where files are looked for.
    """

    search_path: SearchPath
    _documents: dict[str, Document] = field(default_factory=dict[str, Document], repr=False)
    _bases: dict[_Choices, _Base] = field(default_factory=dict["_Choices", "_Base"], repr=False)

    def compose(self, overrides: Sequence[str]) -> Composed:
        """Composes a run; results and errors are those of the function `compose`."""
        placed = self._parse(overrides)
        group_edits = [p for p in placed if is_group_edit(p.override, self.search_path)]
        value_edits = [p for p in placed if p not in group_edits]
        self._check_groups(value_edits)
        warnings = check_edits(value_edits)
        edits = [make_group_edit(p.override, p.source, self.search_path) for p in group_edits]
        base = self._base(edits)
        around = self._surroundings(base)
        tree = base.tree
        for edit in value_edits:
            tree = apply_edit(tree, edit, around)
        return _finish(tree, warnings, self.search_path)

    def _base(self, edits: Sequence[GroupEdit]) -> _Base:
        """What the files make of the groups' choices, before any value is set."""
        choices = tuple((e.action, e.group, e.package, e.options) for e in edits)
        if choices not in self._bases:
            chosen = choose(self.search_path, edits, documents=self._documents)
            self._bases[choices] = _Base(tree=_merge(chosen.layers), slots=chosen.slots)
        return self._bases[choices]

    def _parse(self, overrides: Sequence[str]) -> list[Placed]:
        placed: list[Placed] = []
        for number, raw in enumerate(overrides, 1):
            shown = words.printable(raw)
            source = Source(kind="override", number=number, total=len(overrides), raw=shown)
            try:
                placed.append(Placed(override=parse_override(raw), source=source))
            except errors.OverrideError as error:
                error.where = source.where
                error.hint = self._choice_of(raw) or error.hint
                raise
        return placed

    def _choice_of(self, raw: str) -> str | None:
        """For an option without its group, `resnet50`: the choice that was meant."""
        groups = [
            group for group in sorted(self.search_path.groups) if raw in self.search_path.options(group)
        ]
        return "\n".join(f"{group}={raw}" for group in groups) or None

    def _check_groups(self, edits: Sequence[Placed]) -> None:
        for edit in edits:
            key = edit.override.key
            if "/" in key and "." not in key and key not in self.search_path.groups:
                unknown_group(key, edit.source, self.search_path)

    def _surroundings(self, base: _Base) -> Surroundings:
        def options_with(path: keys.Path) -> list[str]:
            taken = {(group, option) for (group, _), slot in base.slots.items() for option in slot.options}
            return [
                f"{group}={option}"
                for group in sorted(self.search_path.groups)
                if path[: group.count("/") + 1] == tuple(group.split("/"))
                for option in self.search_path.options(group)
                if (group, option) not in taken and self._holds(group, option, path)
            ]

        def groups() -> dict[str, list[str]]:
            return {group: self.search_path.options(group) for group in sorted(self.search_path.groups)}

        return Surroundings(groups=groups, options_with=options_with)

    def _holds(self, group: str, option: str, path: keys.Path) -> bool:
        file = self.search_path.files[f"{group}/{option}"]
        try:
            document = read_document(file, shown=self.search_path.show(file))
        except errors.ConfigError:
            return False
        return nodes.get(document.body, path[group.count("/") + 1 :]) is not None


_Choices = tuple[tuple[Action, str, str | None, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What the files make of one set of choices."""

    tree: Node
    slots: dict[Key, Slot]


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


def _merge(layers: Sequence[Node]) -> Node:
    tree = convert.default_node(schema.RunConfig)
    for layer in layers:
        tree = nodes.merge(tree, layer)
    return tree
