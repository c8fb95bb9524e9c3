"""Interpolations (`${a.b}`, `${oc.env:NAME,default}`) resolved after composition, by OmegaConf.

Owns when a text is an interpolation and what its result is in the tree. OmegaConf is imported only where a
config holds one, since that takes longer than all the rest of composition.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn, cast

from tfjob_kit import errors
from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.nearest import nearest
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.typed import convert, fields

_OPENING = re.compile(r"(\\*)\$\{")


def resolve(tree: Node) -> Node:
    """The filled tree without interpolations; a resolved text counts as unquoted, so its field types it.

    Raises:
        InvalidValue: An interpolation that cannot be resolved.
    """
    live = [(path, node) for path, node in nodes.leaves(tree) if _is_live(node)]
    results = _results(tree, live) if live else {}
    for path, node in live:
        tree = nodes.put(tree, path, nodes.make_node(results[path], node.source))
    for path, node in list(nodes.leaves(tree)):
        if path not in results and _is_escaped(node):
            tree = nodes.put(tree, path, _unescaped(node))
    return tree


def escape(text: str) -> str:
    """The text so that it comes back unchanged from resolving."""
    return _OPENING.sub(lambda match: match[1] * 2 + "\\${", text)


def _is_live(node: Node) -> bool:
    if not isinstance(node.content, Word) or "${" not in node.content.text:
        return False
    return any(len(match[1]) % 2 == 0 for match in _OPENING.finditer(node.content.text))


def _is_escaped(node: Node) -> bool:
    return isinstance(node.content, Word) and "${" in node.content.text


def _unescaped(node: Node) -> Node:
    word = node.content
    if not isinstance(word, Word):
        return node
    text = _OPENING.sub(lambda match: "\\" * (len(match[1]) // 2) + "${", word.text)
    return Node(content=words.text_word(text, quoted=word.quoted), source=node.source)


def _results(tree: Node, live: list[tuple[Path, Node]]) -> dict[Path, Any]:
    from omegaconf import OmegaConf

    try:
        root = cast("Any", OmegaConf.create(_data(tree, fields.ROOT, ())))
    except Exception as error:
        _fail(error, *live[0])
    return {path: _result(root, path, node) for path, node in live}


def _result(root: Any, path: Path, node: Node) -> Any:
    """One resolved value as plain data."""
    from omegaconf import OmegaConf

    try:
        value = root
        for part in path:
            value = value[part]
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value, resolve=True)
    # Resolvers run foreign code on the user's text, and OmegaConf lets several of Python's errors through.
    except Exception as error:
        _fail(error, path, node)
    if not _is_plain(value):
        _fail(TypeError(f"it gives a {type(value).__name__}"), path, node)
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value).items()
        return all(isinstance(k, str) and _is_plain(v) for k, v in entries)
    if isinstance(value, list):
        return all(_is_plain(item) for item in cast("list[Any]", value))
    return value is None or isinstance(value, str | int | float | bool)


def _data(node: Node, field: fields.Field | None, path: Path) -> Any:
    """The tree as OmegaConf takes it: typed values, so that a reference sees what the run will see."""
    if isinstance(node.content, dict):
        return {
            key: _data(item, fields.step(field, key) if field else None, (*path, key))
            for key, item in node.content.items()
        }
    if isinstance(node.content, list):
        below = fields.step(field, 0) if field else None
        return [_data(item, below, (*path, index)) for index, item in enumerate(node.content)]
    if "${" in node.content.text or field is None:
        return node.content.text
    try:
        return convert.plain.to_plain(convert.convert(node, field, path))
    except errors.ConfigError:
        return node.content.value


def _fail(error: Exception, path: Path, node: Node) -> NoReturn:
    text = nodes.as_text(node)
    reason = words.printable(str(error).strip().partition("\n")[0])[:200] or type(error).__name__
    if isinstance(error, RecursionError):
        reason = "it refers to itself"
    named = re.search(r"\$\{([A-Za-z0-9_.]+)\}", text)
    close = nearest(named[1], fields.all_paths()) if named and named[1] not in fields.all_paths() else ()
    lines = [f"did you mean ${{{close[0]}}}?"] if close else []
    raise errors.InvalidValue(
        f"`{format_path(path)}`: {words.shown(text)} cannot be resolved: {reason}",
        where=node.source.where,
        nearest=close,
        hint="\n".join([*lines, "write \\${ for the text itself"]),
    ) from error
