"""YAML and JSON as nodes with marks: their data, and where in the text a path stands.

The data is what a Kubernetes client reads: YAML 1.1 scalars, but a date stays text, since JSON has none.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import words
from tfjob_kit.lint.part import Path

__all__ = ["compose_all", "index", "locate", "plain", "split_lines"]

_STR, _NULL, _MERGE = ("tag:yaml.org,2002:" + kind for kind in ("str", "null", "merge"))
_BOOL, _INT, _FLOAT = ("tag:yaml.org,2002:" + kind for kind in ("bool", "int", "float"))
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_DEEPEST = 200
_MOST_NODES = 2_000_000
"""Aliases within aliases grow without bound; a file of a thousand jobs has a fifth of this."""


def compose_all(text: str, *, shown: str) -> list[Any]:
    """The nodes of each document that is not empty.

    Raises:
        ConfigError: No YAML, a key that stands twice, or nested too deep; with file, line and column.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        composed: list[Any] = list(yaml.compose_all(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line, mark.column) if mark else (0, 0)
        _fail(f"not valid YAML: {error.problem or error.context or 'cannot be read'}", *at, text, shown)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1)
        _fail("not valid YAML: a character that it does not allow", before.count("\n"), column, text, shown)
    except RecursionError:
        _fail("nested too deep", 0, 0, text, shown)
    documents = [node for node in composed if node is not None and node.tag != _NULL]
    budget = [_MOST_NODES]
    for node in documents:
        _check(node, 0, budget, text, shown)
    return documents


def split_lines(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return _LINE_BREAK.split(text)


def plain(node: Any) -> Any:
    """The data of a node: dicts, lists, text, numbers, true, false and None."""
    if node.id == "scalar":
        return _scalar(node)
    if node.id == "sequence":
        return [plain(item) for item in node.value]
    data: dict[Any, Any] = {}
    merged: dict[Any, Any] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            for each in value.value if value.id == "sequence" else [value]:
                if each.id == "mapping":
                    merged = plain(each) | merged
        else:
            data[_key(key)] = plain(value)
    return merged | data


def locate(node: Any, path: Path) -> tuple[int, int]:
    """Line and column, from 0, of the path's key or item; of the nearest place above where it is missing."""
    mark = node.start_mark
    for step in path:
        if node.id == "mapping":
            entry = index(node).get(step) if isinstance(step, str) else None
            if entry is None:
                break
            mark, node = entry[0].start_mark, entry[1]
        elif node.id == "sequence" and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return mark.line, mark.column


def index(node: Any) -> dict[str, tuple[Any, Any]]:
    """Key -> key node and value node of a mapping, merged keys left out."""
    return {_key(key): (key, value) for key, value in node.value if key.tag != _MERGE and key.id == "scalar"}


def _key(node: Any) -> Any:
    """A key as JSON has it: text, numbers and booleans too."""
    return node.value if node.id == "scalar" else "?"


def _scalar(node: Any) -> Any:
    tag, text = node.tag, node.value
    if tag == _STR:
        return text
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return text.lower() in {"yes", "true", "on"}
    if tag in (_INT, _FLOAT):
        return _number(node)
    return text


def _number(node: Any) -> Any:
    import yaml

    constructor: Any = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_object(node)
    except ValueError:
        return node.value


def _check(node: Any, depth: int, budget: list[int], text: str, shown: str) -> None:
    budget[0] -= 1
    at = node.start_mark.line, node.start_mark.column
    if depth > _DEEPEST or budget[0] < 0:
        _fail("nested too deep, or aliases that repeat each other", *at, text, shown)
    if node.id == "sequence":
        for item in node.value:
            _check(item, depth + 1, budget, text, shown)
    elif node.id == "mapping":
        seen: set[str] = set()
        for key, value in node.value:
            if key.id == "scalar" and key.tag != _MERGE and key.value in seen:
                mark = key.start_mark
                _fail(f"the key {words.shown(key.value)} stands twice", mark.line, mark.column, text, shown)
            seen.add(key.value if key.id == "scalar" else "")
            _check(value, depth + 1, budget, text, shown)


def _fail(message: str, line: int, column: int, text: str, shown: str) -> NoReturn:
    lines = split_lines(text)
    written = lines[line] if line < len(lines) else ""
    raise errors.ConfigError(
        message,
        where=f"{shown}:{line + 1}:{column + 1}",
        source=words.caret(written, min(column, len(written))),
    )
