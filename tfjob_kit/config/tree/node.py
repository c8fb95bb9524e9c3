"""The untyped config tree: words, lists and dicts, each with its source.

Owns building, merging and changing trees; all functions return new nodes. Must not know the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.keys import Path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.tree.source import Source

Content = Word | list["Node"] | dict[str, "Node"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One place of the tree.

    Attributes:
        content: A word, or the nodes below by index or name.
        source: Where it was written; of a dict or list: where it last was as a whole.
    """

    content: Content
    source: Source


def make_node(value: Any, source: Source, *, quoted: bool = False) -> Node:
    """A tree of parsed values or plain data, all from one source.

    Args:
        value: Words, scalars, and lists and dicts of them.
        source: Of each node.
        quoted: Whether plain text counts as quoted, hence as nothing but text.
    """
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value).items()
        return Node(content={k: make_node(v, source, quoted=quoted) for k, v in entries}, source=source)
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        return Node(content=[make_node(v, source, quoted=quoted) for v in items], source=source)
    if isinstance(value, Word):
        if value.span is not None:
            source = replace(source, value_column=value.span[0] + 1, value_end=value.span[1] + 1)
        return Node(content=value, source=source)
    is_quoted = quoted and isinstance(value, str)
    word = words.text_word(value) if is_quoted else words.value_word(value)
    return Node(content=word, source=source)


def plain(node: Node) -> Any:
    """The tree as plain data, each word as what it means by itself."""
    if isinstance(node.content, Word):
        return node.content.value
    if isinstance(node.content, dict):
        return {key: plain(item) for key, item in node.content.items()}
    return [plain(item) for item in node.content]


def as_text(node: Node) -> str:
    """The node's value as override text, for messages."""
    if isinstance(node.content, Word):
        return words.printable(node.content.text) or "''"
    return words.printable(writing.format_value(plain(node)))


def merge(old: Node | None, new: Node) -> Node:
    """`new` over `old`: dicts merge, everything else replaces; an override keeps what it replaced."""
    if old is not None and isinstance(old.content, dict) and isinstance(new.content, dict):
        content = dict(old.content)
        for key, item in new.content.items():
            content[key] = merge(content.get(key), item)
        return Node(content=content, source=new.source if new.content else old.source)
    return remember(old, new)


def remember(old: Node | None, new: Node) -> Node:
    """`new`, with `old` as what it replaced where it comes from an override."""
    if old is None or new.source.kind != "override":
        return new
    return _replacing(new, was=as_text(old), was_at=old.source.place)


def _replacing(node: Node, *, was: str, was_at: str) -> Node:
    content = node.content
    if isinstance(content, dict):
        content = {key: _replacing(item, was=was, was_at=was_at) for key, item in content.items()}
    elif isinstance(content, list):
        content = [_replacing(item, was=was, was_at=was_at) for item in content]
    return Node(content=content, source=replace(node.source, was=was, was_at=was_at))


def get(node: Node, path: Path) -> Node | None:
    """The node at a path; None when there is none."""
    for part in path:
        found = child(node, part)
        if found is None:
            return None
        node = found
    return node


def child(node: Node, part: str | int) -> Node | None:
    """The node under a name, or at an index, a negative one from the end."""
    if isinstance(node.content, dict):
        return node.content.get(part) if isinstance(part, str) else None
    if isinstance(node.content, list) and isinstance(part, int):
        inside = -len(node.content) <= part < len(node.content)
        return node.content[part] if inside else None
    return None


def put(node: Node, path: Path, new: Node) -> Node:
    """The tree with `new` at a path; dicts on the way are made where there are none.

    The path's indices must lie inside their lists.
    """
    if not path:
        return new
    part, rest = path[0], path[1:]
    if isinstance(part, int) and isinstance(node.content, list):
        items = list(node.content)
        items[part] = put(items[part], rest, new)
        return Node(content=items, source=node.source)
    content = dict(node.content) if isinstance(node.content, dict) else {}
    below = content.get(str(part), Node(content={}, source=new.source))
    content[str(part)] = put(below, rest, new)
    return Node(content=content, source=node.source)


def drop(node: Node, path: Path) -> Node:
    """The tree without the node at a path that is there."""
    part, rest = path[0], path[1:]
    if isinstance(node.content, list) and isinstance(part, int):
        items = list(node.content)
        items[part : part + 1 or None] = [drop(items[part], rest)] if rest else []
        return Node(content=items, source=node.source)
    content = dict(node.content) if isinstance(node.content, dict) else {}
    removed = content.pop(str(part)) if not rest else None
    if removed is None:
        content[str(part)] = drop(content[str(part)], rest)
    return Node(content=content, source=node.source)


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every word, empty list and empty dict with its path, in order."""
    if isinstance(node.content, dict) and node.content:
        for key, item in node.content.items():
            yield from leaves(item, (*path, key))
    elif isinstance(node.content, list) and node.content:
        for index, item in enumerate(node.content):
            yield from leaves(item, (*path, index))
    else:
        yield path, node
