"""The values of one Hydra file with the places they go to.

Owns what stays of a body: each value placed, keywords inside lists taken out, and what is said of the rest.
Must not know other files.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.hydra_tree import advice, placing
from tfjob_kit.config.hydra_tree.notices import Notice, notice_at
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node

__all__ = ["Leaf", "place_body"]

_LONGEST = 50


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One value that stays.

    Attributes:
        old: Its path in Hydra's config, from the root.
        new: Its path in ours.
        node: The value.
        lines: Path in the new file's body of each key on the way -> the node that stood there.
    """

    old: Path
    new: Path
    node: Node
    lines: dict[Path, Node]


def place_body(body: Node, package: str, groups: Set[str]) -> tuple[list[Leaf], list[Notice]]:
    """The values of a body in a package, and what is said of those that go nowhere."""
    kept: list[Leaf] = []
    notices: list[Notice] = []
    head: Path = tuple(package.split(".")) if package else ()
    for path, node, parents in _values(body, (), ()):
        old = (*head, *path)
        place = placing.place_key(old, node, groups)
        if place.path is None:
            notices.append(notice_at(node.source, written(old, node), place.message, instead=place.instead))
            continue
        cleaned, found = _without_keywords(node, old)
        notices += found
        if place.instead is not None:
            message = f"it is written as `{format_path(place.path)}`"
            notices.append(
                notice_at(node.source, written(old, node), message, kind="note", instead=place.instead)
            )
        steps = {
            place.path[: len(place.path) - depth]: each for depth, each in enumerate([node, *parents[::-1]])
        }
        kept.append(Leaf(old=old, new=place.path, node=cleaned, lines=steps))
    return kept, notices


def written(path: Path, node: Node) -> str:
    """`model.lr: 0.1`, cut when long."""
    text = f"{format_path(path)}: {nodes.as_text(node)}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _values(
    node: Node, path: Path, parents: tuple[Node, ...]
) -> Iterator[tuple[Path, Node, tuple[Node, ...]]]:
    """Words, lists and empty dicts below a dict, with the nodes of the keys above them."""
    if not isinstance(node.content, dict):
        return
    for key, item in node.content.items():
        if isinstance(item.content, dict) and item.content:
            yield from _values(item, (*path, key), (*parents, item))
        else:
            yield (*path, key), item, parents


def _without_keywords(node: Node, path: Path) -> tuple[Node, list[Notice]]:
    """The value, the keywords of instantiation in the dicts of a list taken out."""
    if isinstance(node.content, Word):
        return _plain(node), _trap(node, path)
    notices: list[Notice] = []
    if isinstance(node.content, list):
        items: list[Node] = []
        for index, item in enumerate(node.content):
            cleaned, found = _without_keywords(item, (*path, index))
            items.append(cleaned)
            notices += found
        return Node(content=items, source=node.source), notices
    content: dict[str, Node] = {}
    for key, item in node.content.items():
        if key in advice.INSTANTIATION:
            message = "no object is made from a config"
            text = written((*path, key), item)
            notices.append(notice_at(item.source, text, message, instead=advice.of_keyword(key, path)))
            continue
        content[key], found = _without_keywords(item, (*path, key))
        notices += found
    return Node(content=content, source=node.source), notices


def _plain(node: Node) -> Node:
    """A word that YAML 1.1 changes as what it becomes."""
    word = node.content
    if not isinstance(word, Word) or word.trap is None:
        return node
    return Node(content=words.plain_word(word.trap), source=node.source)


def _trap(node: Node, path: Path) -> list[Notice]:
    word = node.content
    if not isinstance(word, Word) or word.trap is None:
        return []
    message = f"Hydra reads it as {word.trap}, and so it is written"
    return [notice_at(node.source, written(path, node), message, kind="changed")]
