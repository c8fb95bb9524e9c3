"""Interpolations after the move: texts that follow their keys, and values whose keys went nowhere.

Owns which references still hold, over all files together. Must not know files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.hydra_tree import advice, placing, references
from tfjob_kit.config.hydra_tree.leaves import Leaf, written
from tfjob_kit.config.hydra_tree.notices import Notice, notice_at
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.typed import fields

__all__ = ["follow_moves"]


def follow_moves(
    kept: Mapping[str, Sequence[Leaf]], groups: Set[str]
) -> tuple[dict[str, list[Leaf]], list[Notice]]:
    """File -> the values that stay, their interpolations renamed; and what is said of the others."""
    found = {name: list(leaves) for name, leaves in kept.items()}
    notices: list[Notice] = []
    while True:
        moves = _Moves.of([leaf for leaves in found.values() for leaf in leaves], groups)
        dropped = 0
        for name, leaves in found.items():
            staying: list[Leaf] = []
            for leaf in leaves:
                problem = _problem(leaf, leaf.node, moves)
                if problem is None:
                    staying.append(leaf)
                else:
                    notices.append(problem)
                    dropped += 1
            found[name] = staying
        if not dropped:
            break
    renamed = {
        name: [replace(leaf, node=_renamed(leaf.node, leaf.old, moves)) for leaf in leaves]
        for name, leaves in found.items()
    }
    return renamed, notices


@dataclass(frozen=True, kw_only=True)
class _Moves:
    """Where keys of Hydra's config are now."""

    exact: Mapping[Path, Path]
    above: Set[Path]
    groups: Set[str]

    @classmethod
    def of(cls, leaves: Sequence[Leaf], groups: Set[str]) -> _Moves:
        exact = {leaf.old: leaf.new for leaf in leaves}
        above = {path[:depth] for path in exact for depth in range(len(path))}
        return cls(exact=exact, above=above, groups=groups)

    def new_path(self, path: Path) -> Path | None:
        """Where a key is now; None when it is nowhere."""
        for depth in range(len(path), 0, -1):
            if path[:depth] in self.exact:
                return (*self.exact[path[:depth]], *path[depth:])
        if path in self.above:
            package = placing.map_package(".".join(map(str, path)), self.groups)
            return None if package is None else tuple(package.split("."))
        field = fields.at(path)
        return path if path and field is not None and not field.is_any else None


def _problem(leaf: Leaf, node: Node, moves: _Moves) -> Notice | None:
    """Why a value cannot stay: one of its references has nothing to refer to."""
    if isinstance(node.content, dict):
        items = list(node.content.values())
    elif isinstance(node.content, list):
        items = node.content
    else:
        return _word_problem(leaf, node.content, moves)
    return next((problem for item in items if (problem := _problem(leaf, item, moves))), None)


def _word_problem(leaf: Leaf, word: Word, moves: _Moves) -> Notice | None:
    for found in references.find_references(word.text, leaf.old):
        text, source = written(leaf.old, leaf.node), leaf.node.source
        if found.kind == "resolver":
            instead = advice.of_resolver(found.name)
            return notice_at(source, text, f"there is no resolver `{found.name}` here", instead=instead)
        if found.kind == "unclear":
            message = "which key it refers to is only known at run time"
            return notice_at(source, text, message, instead="refer to one key by its name")
        if moves.new_path(found.path) is None:
            message = f"it refers to `{format_path(found.path)}`, which is not here"
            return notice_at(source, text, message, instead=f"++{format_path(leaf.new)}=VALUE sets it")
    return None


def _renamed(node: Node, at: Path, moves: _Moves) -> Node:
    if isinstance(node.content, list):
        items = [_renamed(item, (*at, index), moves) for index, item in enumerate(node.content)]
        return Node(content=items, source=node.source)
    if isinstance(node.content, dict):
        content = {key: _renamed(item, (*at, key), moves) for key, item in node.content.items()}
        return Node(content=content, source=node.source)
    text = references.rename(node.content.text, at, moves.new_path)
    if text == node.content.text:
        return node
    return Node(content=replace(node.content, text=text, value=text), source=node.source)
