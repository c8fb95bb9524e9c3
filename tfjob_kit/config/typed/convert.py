"""A whole tree as a RunConfig.

Owns filling in defaults, walking tree and schema together, missing values, and the error for a value that its
field does not take. Must not know single types (scalars).
"""

from __future__ import annotations

import functools
from typing import Any, NoReturn, cast

from tfjob_kit import errors
from tfjob_kit.config import plain, schema
from tfjob_kit.config.grammar import writing
from tfjob_kit.config.grammar.keys import Path, format_path, show_path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.nearest import choices
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import DEFAULT
from tfjob_kit.config.typed import fields, scalars, unknown
from tfjob_kit.config.typed.fields import Field
from tfjob_kit.config.typed.scalars import Refusal

MISSING = "???"


@functools.cache
def default_node(cls: type[Any]) -> Node:
    """A dataclass's defaults as a tree."""
    return nodes.make_node(plain.to_plain(cls()), DEFAULT, quoted=True)


def fill(node: Node, field: Field = fields.ROOT) -> Node:
    """The tree with the schema's default wherever a key of a closed dataclass is absent, in schema order."""
    if isinstance(node.content, Word) or field.is_any:
        return node
    if isinstance(node.content, list):
        items = [fill(item, field.items) for item in node.content] if field.is_list else node.content
        return Node(content=items, source=node.source)
    if field.is_map:
        content = {key: fill(item, field.items) for key, item in node.content.items()}
        return Node(content=content, source=node.source)
    if field.dataclass is None:
        return node
    defaults = default_node(field.dataclass)
    content: dict[str, Node] = {}
    for key, below in field.keys.items():
        item = node.content.get(key) or nodes.child(defaults, key)
        if item is not None:
            content[key] = fill(item, below)
    content.update({key: item for key, item in node.content.items() if key not in content})
    return Node(content=content, source=node.source)


def check_missing(tree: Node) -> None:
    """Refuses a tree that still holds `???`.

    Raises:
        MissingValue: All of them at once.
    """
    missing = [(format_path(p), n) for p, n in nodes.leaves(tree) if _is_missing(n)]
    if missing:
        names = ", ".join(f"`{key}`" for key, _ in missing)
        raise errors.MissingValue(
            f"{names} must be given" if len(missing) > 1 else f"{names} must be given a value",
            where=", ".join(dict.fromkeys(node.source.place for _, node in missing)),
            hint="\n".join(f"{key}=VALUE" for key, _ in missing),
            source=missing[0][1].source.under_value() if len(missing) == 1 else None,
        )


def _is_missing(node: Node) -> bool:
    return isinstance(node.content, Word) and node.content.text == MISSING


def convert_run(tree: Node) -> schema.RunConfig:
    """The RunConfig of a filled tree.

    Raises:
        InvalidValue: A value that its field does not take.
        UnknownChoice: A key that the schema has not.
    """
    return cast("schema.RunConfig", convert(tree, fields.ROOT, ()))


def convert(node: Node, field: Field, path: Path) -> Any:
    """The typed value of a node.

    Raises:
        InvalidValue: A value that its field does not take.
        UnknownChoice: A key that the schema has not.
    """
    try:
        return _convert(node, field, path)
    except Refusal as refusal:
        refuse(refusal, node, path)


def _convert(node: Node, field: Field, path: Path) -> Any:
    content = node.content
    if field.is_any:
        return _convert_any(node, path)
    if isinstance(content, Word) and content.value is None and not content.quoted:
        if field.optional:
            return None
        raise Refusal("may not be empty (`null`)", note="give it a value")
    if field.dataclass is not None:
        return _convert_closed(node, field, path)
    if field.is_map:
        items = _entries(node, path, "key: value", "{key:value}").items()
        return {key: convert(item, field.items, (*path, key)) for key, item in items}
    if field.is_list:
        return _convert_list(node, field, path)
    if not isinstance(content, Word):
        _refuse_many(node, field)
    return scalars.read_scalar(content, field)


def _refuse_many(node: Node, field: Field) -> NoReturn:
    kind = "a list" if isinstance(node.content, list) else "a dict"
    forms: tuple[str, ...] = ()
    if isinstance(node.content, list) and len(node.content) == 1:
        forms = (nodes.as_text(node.content[0]),)
    elif scalars.takes_text(field):
        forms = (f'"{nodes.as_text(node)}"',)
    raise Refusal(f"takes one value, not {kind}", forms=forms, note=None if forms else "write one value")


def _convert_closed(node: Node, field: Field, path: Path) -> Any:
    content = node.content
    if not isinstance(content, dict):
        note = f"its keys: {choices(field.keys)}"
        raise Refusal("holds keys of its own and takes no single value", note=note)
    for key, item in content.items():
        if key not in field.keys:
            unknown.unknown_key((*path, key), item.source)
    cls = cast("type[Any]", field.dataclass)
    return cls(**{key: convert(content[key], below, (*path, key)) for key, below in field.keys.items()})


def _convert_list(node: Node, field: Field, path: Path) -> list[Any]:
    if isinstance(node.content, list):
        return [convert(item, field.items, (*path, index)) for index, item in enumerate(node.content)]
    text = nodes.as_text(node)
    forms = (f"[{text}]",) if isinstance(node.content, Word) else ()
    raise Refusal(f"takes a list, not `{text}`", forms=forms)


def _entries(node: Node, path: Path, in_file: str, in_override: str) -> dict[str, Node]:
    if isinstance(node.content, dict):
        return node.content
    form = in_override if node.source.kind == "override" else in_file
    is_named = node.source.kind == "override" and not any(isinstance(part, int) for part in path)
    note = f"+{format_path(path)}.KEY=VALUE adds one entry" if is_named else None
    raise Refusal(f"takes `{form}`, not `{nodes.as_text(node)}`", note=note)


def _convert_any(node: Node, path: Path) -> Any:
    if isinstance(node.content, Word):
        scalars.check_trap(node.content)
        return node.content.value
    if isinstance(node.content, dict):
        return {k: convert(item, Field(type=Any), (*path, k)) for k, item in node.content.items()}
    return [convert(item, Field(type=Any), (*path, i)) for i, item in enumerate(node.content)]


def refuse(refusal: Refusal, node: Node, path: Path) -> NoReturn:
    """Raises InvalidValue for a refusal at a node, with tokens ready to paste."""
    problem, forms = refusal.problem, refusal.forms
    if isinstance(node.content, Word) and (variable := node.source.variable) is not None:
        # It may be a secret, and messages end in logs.
        problem, forms = problem.replace(scalars.written(node.content), f"what `{variable}` gives"), ()
    lines = [_token(node, path, form) for form in forms]
    lines += [refusal.note] if refusal.note else []
    raise errors.InvalidValue(
        f"{show_path(path)} {problem}",
        where=node.source.where_value,
        nearest=refusal.names,
        hint="\n".join(lines) or None,
        source=node.source.under_value(),
    )


def _token(node: Node, path: Path, form: str) -> str:
    if node.source.kind != "override":
        return f"{path[-1]}: {form}" if path and isinstance(path[-1], str) else f"- {form}"
    text = scalars.form_text(form)
    return writing.for_shell(node.source.with_value(text) or f"{format_path(path)}={text}")
