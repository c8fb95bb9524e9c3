"""Interpolations (`${a.b}`, `${oc.env:NAME,default}`) resolved after composition, by OmegaConf.

Owns what the result of an interpolation is in the tree, and the error when there is none. OmegaConf is
imported only where a config holds one, since that takes longer than all the rest of composition.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NoReturn, cast

from tfjob_kit import errors
from tfjob_kit.config.grammar import interpolations, words, writing
from tfjob_kit.config.grammar.keys import Path, show_path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.nearest import nearest
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.typed import convert, fields

_WRAPPED = re.compile(r"^[A-Za-z]+ raised while resolving interpolation: [\"']*(.*?)[\"']*$")
_ABSENT = re.compile(r"Interpolation key '([^']+)' not found")
_UNSET = re.compile(r"Environment variable '([^']+)' not found")


def resolve(tree: Node) -> Node:
    """The filled tree without interpolations; a resolved text counts as unquoted, so its field types it.

    Raises:
        InvalidValue: An interpolation that cannot be resolved.
    """
    texts = [
        (path, node, node.content.text) for path, node in nodes.leaves(tree) if isinstance(node.content, Word)
    ]
    live = [(path, node) for path, node, text in texts if interpolations.is_live(text)]
    results = _results(tree, live) if live else {}
    for path, node, text in texts:
        if path in results:
            tree = nodes.put(tree, path, nodes.make_node(results[path], node.source))
        elif "${" in text and isinstance(node.content, Word):
            plain = interpolations.unescape(text)
            word = replace(node.content, text=plain, value=plain)
            tree = nodes.put(tree, path, Node(content=word, source=node.source))
    return tree


def _results(tree: Node, live: list[tuple[Path, Node]]) -> dict[Path, Any]:
    from omegaconf import OmegaConf

    for path, node in live:
        _check_syntax(path, node)
    try:
        root = cast("Any", OmegaConf.create(_data(_concerned(tree, live), fields.ROOT, ())))
    except Exception as error:
        _fail(error, *live[0])
    return {path: _result(root, path, node) for path, node in live}


def _concerned(tree: Node, live: list[tuple[Path, Node]]) -> Node:
    """The parts of the tree that these interpolations may name: OmegaConf takes 10 ms for all of it.

    A key that is named has its name in some text, unless the name itself is put together (`${a.${b}}`).
    """
    texts = [node.content.text for _, node in live if isinstance(node.content, Word)]
    if not isinstance(tree.content, dict) or any(map(interpolations.is_nested, texts)):
        return tree
    own = {path[0] for path, _ in live}
    content = {k: n for k, n in tree.content.items() if k in own or any(k in text for text in texts)}
    return Node(content=content, source=tree.source)


def _check_syntax(path: Path, node: Node) -> None:
    from omegaconf import OmegaConf

    try:
        OmegaConf.create({"text": nodes.plain(node)})
    except Exception as error:
        _fail(error, path, node)


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
    said = _WRAPPED.sub(r"\1", str(error).strip().partition("\n")[0])
    reason = words.printable(said)[:200].rstrip(".") or type(error).__name__
    if isinstance(error, RecursionError):
        reason = "it refers to itself"
    absent = _ABSENT.search(reason)
    close = nearest(absent[1], fields.all_paths()) if absent and f"${{{absent[1]}}}" in text else ()
    raise errors.InvalidValue(
        f"{show_path(path)}: {words.shown(text)} cannot be resolved: {reason}",
        where=node.source.where_value,
        nearest=close,
        hint=_way_out(node, reason, absent[1] if absent else "", close),
        source=node.source.under_value(f"${{{absent[1]}" if absent else "${"),
    ) from error


def _way_out(node: Node, reason: str, absent: str, close: tuple[str, ...]) -> str:
    if close and (token := node.source.with_text(f"${{{absent}}}", f"${{{close[0]}}}")) is not None:
        return writing.for_shell(token)
    if close:
        return f"did you mean ${{{close[0]}}}?"
    if unset := _UNSET.search(reason):
        return f"set {unset[1]}, or give a default: ${{oc.env:{unset[1]},VALUE}}"
    return "write \\${ for the text itself"
