"""The text of a file of the new tree.

Owns layout, quoting and the comments that came with the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tfjob_kit.config import yaml_text
from tfjob_kit.config.files.defaults_list import Entry
from tfjob_kit.config.grammar.keys import Path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.hydra_tree.files import HydraFile
from tfjob_kit.config.hydra_tree.leaves import Leaf
from tfjob_kit.config.tree.node import Node

__all__ = ["write_file"]

_LONGEST = 100
_PLAIN_IN_FLOW = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.+-]*")

_REFERENCE = re.compile(r"\$\{[A-Za-z0-9_.]+\}")

Tree = dict[str, "Tree | Leaf"]


def write_file(
    file: HydraFile,
    *,
    command: str,
    package: str | None,
    entries: Sequence[Entry],
    leaves: Sequence[Leaf],
    under: Path,
) -> str:
    """The whole text.

    Args:
        file: Where it comes from, for the comments.
        command: A command that uses it.
        package: For its `# @package` header; None for no header.
        entries: Its defaults list.
        leaves: Its values.
        under: The package that the values are written relative to.
    """
    lines = [] if package is None else [f"# @package {package or '_global_'}"]
    lines += _opening(file, command)
    if entries:
        lines += ["defaults:", *(line for entry in entries for line in _entry_lines(file, entry))]
    tree = _tree(leaves, len(under))
    lines += _lines(tree, under, 0, file, set())
    return "\n".join(lines) + "\n"


def _opening(file: HydraFile, command: str) -> list[str]:
    head = [f"#{line}" for line in file.head]
    while head and head[-1] == "#":
        head.pop()
    if not head:
        head = [f"# From {file.document.path} of a Hydra tree."]
    return head if any("tfjob-kit " in line for line in head) else [*head, f"# {command}"]


def _entry(entry: Entry) -> str:
    if entry.kind == "self":
        return "_self_"
    name = entry.group if entry.package is None else f"{entry.group}@{entry.package}"
    if entry.kind == "file":
        return name
    options = [yaml_text.text(option) for option in entry.options]
    value = "null" if not options else options[0] if len(options) == 1 else f"[{', '.join(options)}]"
    return f"{entry.mark} {name}: {value}" if entry.mark else f"{name}: {value}"


def _entry_lines(file: HydraFile, entry: Entry) -> Iterator[str]:
    yield from (f"  #{line}" for line in file.above(entry.source))
    beside = file.beside(entry.source)
    yield f"  - {_entry(entry)}" + (f"  # {beside}" if beside else "")


def _tree(leaves: Sequence[Leaf], depth: int) -> Tree:
    tree: Tree = {}
    for leaf in leaves:
        place = tree
        for part in leaf.new[depth:-1]:
            below = place.setdefault(str(part), {})
            if isinstance(below, Leaf):
                below = place[str(part)] = {}
            place = below
        place[str(leaf.new[-1])] = leaf
    return tree


def _lines(tree: Tree, path: Path, indent: int, file: HydraFile, seen: set[int]) -> Iterator[str]:
    pad = "  " * indent
    for name, below in tree.items():
        at = (*path, name)
        node = below.lines.get(at) if isinstance(below, Leaf) else _first_line(below, at)
        above, beside = _comments(file, node, seen)
        yield from (f"{pad}#{line}" for line in above)
        head = f"{pad}{yaml_text.text(name)}:"
        if isinstance(below, Leaf):
            yield from _value_lines(head, below.node, indent, beside)
        else:
            yield head + beside
            yield from _lines(below, at, indent + 1, file, seen)


def _first_line(tree: Tree, path: Path) -> Node | None:
    """The node of a key that holds others, from the first value under it."""
    for below in tree.values():
        return below.lines.get(path) if isinstance(below, Leaf) else _first_line(below, path)
    return None


def _comments(file: HydraFile, node: Node | None, seen: set[int]) -> tuple[list[str], str]:
    """The comments above and beside the line of a node, each line once."""
    if node is None or node.source.line is None or node.source.line in seen:
        return [], ""
    seen.add(node.source.line)
    beside = file.beside(node.source)
    return file.above(node.source), f"  # {beside}" if beside else ""


def _value_lines(head: str, node: Node, indent: int, beside: str) -> Iterator[str]:
    flow = f"{head} {_flow(node)}"
    if isinstance(node.content, Word):
        yield f"{head} {_word(node.content)}{beside}"
    elif len(flow) <= _LONGEST and not _is_nested(node):
        yield flow + beside
    else:
        yield head + beside
        yield from _block(node, indent + 1)


def _is_nested(node: Node) -> bool:
    return isinstance(node.content, list) and any(isinstance(item.content, dict) for item in node.content)


def _block(node: Node, indent: int) -> Iterator[str]:
    """A long list, or one that holds dicts, an item a line."""
    for item in node.content if isinstance(node.content, list) else []:
        yield f"{'  ' * indent}- {_flow(item)}"


def _flow(node: Node) -> str:
    if isinstance(node.content, Word):
        return _word(node.content, in_flow=True)
    if isinstance(node.content, list):
        return f"[{', '.join(map(_flow, node.content))}]"
    return (
        "{" + ", ".join(f"{yaml_text.text(key)}: {_flow(item)}" for key, item in node.content.items()) + "}"
    )


def _word(word: Word, *, in_flow: bool = False) -> str:
    """A word as it was written; text in quotes where a reader may take it for something else."""
    if not isinstance(word.value, str):
        return (
            yaml_text.scalar(word.value) if isinstance(word.value, float) and "n" in word.text else word.text
        )
    if _REFERENCE.fullmatch(word.value) and not in_flow:
        return word.value
    text = yaml_text.text(word.value)
    if in_flow and not text.startswith('"') and not _PLAIN_IN_FLOW.fullmatch(text):
        return f'"{text}"'
    return text
