"""Value overrides applied to the tree, in the order of the command line.

Owns what `=`, `+`, `++`, `~` and `+=` demand of the key and do to the tree, and the conflicts between
overrides. Must not know groups or files: what other options hold comes in as a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.keys import Path, format_path, show_path
from tfjob_kit.config.grammar.override import Action, Override
from tfjob_kit.config.nearest import choices, nearest
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import Source
from tfjob_kit.config.typed import convert, fields, unknown
from tfjob_kit.config.typed.fields import Field


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """An override with its position."""

    override: Override
    source: Source


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What edits need to know of groups, for messages.

    Attributes:
        groups: Config groups with their options.
        options_with: Options of other choices, as `group=option`, that hold a key.
    """

    groups: Callable[[], Mapping[str, Sequence[str]]]
    options_with: Callable[[Path], Sequence[str]]


def check_edits(edits: Sequence[Placed]) -> tuple[str, ...]:
    """Warnings about keys that are set twice.

    Raises:
        OverrideError: A key that is both set and deleted.
    """
    seen: dict[Path, Placed] = {}
    found: list[str] = []
    for edit in edits:
        first = seen.get(edit.override.path)
        seen[edit.override.path] = edit
        if first is None or Action.extend in (first.override.action, edit.override.action):
            continue
        if (first.override.action is Action.delete) != (edit.override.action is Action.delete):
            raise errors.OverrideError(
                f"`{edit.override.key}` is both set and deleted",
                where=f"{first.source.where} and {edit.source.where}",
                hint="keep one of the two",
                source=edit.source.under_key(),
            )
        both = f"{first.source.place} and {edit.source.place}"
        found.append(f"`{edit.override.key}` is set twice, by {both}: the last wins")
    return tuple(found)


def apply_edit(tree: Node, edit: Placed, around: Surroundings) -> Node:
    """The tree after one override.

    Raises:
        UnknownChoice: The key does not exist where it must.
        OverrideError: The key exists where it must not, or is of the wrong kind.
        InvalidValue: `~key=value` where the key has another value.
    """
    field = fields.at(edit.override.path)
    if field is None:
        _fail_unknown(tree, edit, around)
    old = nodes.get(tree, edit.override.path)
    _check_parents(tree, edit)
    return _DOERS[edit.override.action](tree, edit, field, old, around)


def _change(tree: Node, edit: Placed, field: Field, old: Node | None, around: Surroundings) -> Node:
    if old is None and not _is_closed_key(tree, edit.override.path):
        _fail_absent(tree, edit, around)
    return _set(tree, edit, old)


def _add(tree: Node, edit: Placed, field: Field, old: Node | None, around: Surroundings) -> Node:
    if isinstance(edit.override.path[-1], int):
        _fail_index(edit, old)
    if old is None and not _is_closed_key(tree, edit.override.path):
        return _set(tree, edit, old)
    place = "by default" if old is None or old.source.kind == "default" else f"at {old.source.place}"
    raise errors.OverrideError(
        f"`{edit.override.key}` is already set {place}",
        where=edit.source.where,
        hint=f"drop the +: {_pasted(edit.override.raw[1:])}",
        source=edit.source.under_key(),
    )


def _change_or_add(tree: Node, edit: Placed, field: Field, old: Node | None, around: Surroundings) -> Node:
    if old is None and isinstance(edit.override.path[-1], int):
        _fail_absent(tree, edit, around)
    return _set(tree, edit, old)


def _set(tree: Node, edit: Placed, old: Node | None) -> Node:
    new = nodes.make_node(edit.override.parsed, edit.source)
    return nodes.put(tree, edit.override.path, nodes.merge(old, new))


def _delete(tree: Node, edit: Placed, field: Field, old: Node | None, around: Surroundings) -> Node:
    path = edit.override.path
    if old is None and not _is_closed_key(tree, path):
        _fail_absent(tree, edit, around)
    if old is not None:
        _check_equal(edit, field, old)
    if not _is_closed_key(tree, path):
        return nodes.drop(tree, path)
    if not field.optional:
        raise errors.OverrideError(
            f"`{edit.override.key}` is required and cannot be deleted",
            where=edit.source.where,
            hint=f"{edit.override.key}=VALUE sets it",
            source=edit.source.under_key(),
        )
    null = nodes.make_node(None, edit.source)
    return nodes.put(tree, path, nodes.remember(old, null))


def _check_equal(edit: Placed, field: Field, old: Node) -> None:
    if edit.override.parsed is None:
        return
    given = nodes.make_node(edit.override.parsed, edit.source)
    if nodes.as_text(given) == nodes.as_text(old):
        return
    typed = convert.convert(convert.fill(given, field), field, edit.override.path)
    try:
        current = convert.convert(convert.fill(old, field), field, edit.override.path)
    except errors.ConfigError:
        current = None
    if typed != current:
        raise errors.InvalidValue(
            f"`{edit.override.key}` is `{nodes.as_text(old)}` ({old.source.place}), "
            f"not `{nodes.as_text(given)}`, and stays",
            where=edit.source.where,
            hint=f"{_pasted(f'~{edit.override.key}')} deletes it whatever it is",
            source=edit.source.under_value(),
        )


def _extend(tree: Node, edit: Placed, field: Field, old: Node | None, around: Surroundings) -> Node:
    if old is None and not _is_closed_key(tree, edit.override.path):
        _fail_absent(tree, edit, around)
    given = nodes.make_node(edit.override.parsed, edit.source)
    if not isinstance(given.content, list):
        raise errors.InvalidValue(
            f"`{edit.override.key}+=` takes a list, not `{nodes.as_text(given)}`",
            where=edit.source.where,
            hint=_pasted(f"{edit.override.key}+=[{nodes.as_text(given)}]"),
            source=edit.source.under_value(),
        )
    if not (field.is_list or field.is_any) or (old is not None and not isinstance(old.content, list)):
        raise errors.InvalidValue(
            f"`{edit.override.key}` is no list and cannot be extended",
            where=edit.source.where,
            hint=f"{edit.override.key}=VALUE sets it",
            source=edit.source.under_key(),
        )
    items = [*(old.content if old is not None and isinstance(old.content, list) else ()), *given.content]
    return nodes.put(tree, edit.override.path, Node(content=items, source=edit.source))


_DOERS = {
    Action.change: _change,
    Action.add: _add,
    Action.change_or_add: _change_or_add,
    Action.delete: _delete,
    Action.extend: _extend,
}


def _is_closed_key(tree: Node, path: Path) -> bool:
    """Whether the key is one of a closed dataclass that is there, and so has all its keys."""
    parent = fields.at(path[:-1])
    is_closed = parent is not None and parent.dataclass is not None
    return is_closed and nodes.get(tree, path[:-1]) is not None


def _check_parents(tree: Node, edit: Placed) -> None:
    """Refuses keys below a single value, and list items that are not there."""
    path = edit.override.path
    for length in range(1, len(path)):
        above = nodes.get(tree, path[:length])
        if above is None:
            return
        _check_step(edit, path, length, above)


def _check_step(edit: Placed, path: Path, length: int, above: Node) -> None:
    part = path[length]
    if isinstance(part, int) and isinstance(above.content, list):
        if nodes.child(above, part) is None and edit.override.action is not Action.add:
            raise errors.UnknownChoice(
                f"`{format_path(path[:length])}` has {len(above.content)} items, and no item [{part}]",
                where=edit.source.where,
                hint=f"{_pasted(f'{format_path(path[:length])}+=[VALUE]')} extends it",
                source=edit.source.under_key(path[: length + 1]),
            )
        return
    if isinstance(part, int) or not isinstance(above.content, dict):
        raise errors.UnknownChoice(
            f"`{format_path(path[:length])}` is `{nodes.as_text(above)}`, "
            f"so `{format_path(path[: length + 1])}` does not exist",
            where=edit.source.where,
            hint=f"{format_path(path[:length])}=VALUE sets it as a whole",
            source=edit.source.under_key(),
        )


def _fail_unknown(tree: Node, edit: Placed, around: Surroundings) -> NoReturn:
    unknown.unknown_key(
        edit.override.path,
        edit.source,
        override=edit.override,
        groups=around.groups(),
        is_there=lambda path: nodes.get(tree, path) is not None,
    )


def _fail_absent(tree: Node, edit: Placed, around: Surroundings) -> NoReturn:
    whole = edit.override.path
    path = next(whole[:n] for n in range(1, len(whole) + 1) if nodes.get(tree, whole[:n]) is None)
    above, rest = nodes.get(tree, path[:-1]), whole[len(path) :]
    siblings = list(above.content) if above is not None and isinstance(above.content, dict) else []
    names = nearest(str(path[-1]), siblings)
    close = tuple(format_path((*path[:-1], name, *rest)) for name in names)
    value = edit.override.text or "VALUE"
    others = around.options_with(whole)
    lines = [f"{', '.join(others)} has it"] if others else []
    lines += [unknown.correct(edit.override, key) for key in close if not others]
    if siblings and not others:
        lines.append(f"keys there: {choices(siblings)}")
    # A name that is nearly one of those there is a slip of the hand, which `+` would make a key of.
    is_new = others or not close
    if is_new and edit.override.action in (Action.change, Action.extend) and not isinstance(path[-1], int):
        lines.append(f"to add it: {_pasted(f'+{format_path(whole)}={value}')}")
    raise errors.UnknownChoice(
        f"no key {show_path(path)}",
        where=edit.source.where,
        nearest=close,
        hint="\n".join(lines) or None,
        source=edit.source.under_key(path),
    )


def _pasted(token: str) -> str:
    """An override for a hint."""
    return writing.for_shell(words.printable(token))


def _fail_index(edit: Placed, old: Node | None) -> NoReturn:
    listed, value = format_path(edit.override.path[:-1]), edit.override.text or "VALUE"
    ways = [f"{_pasted(edit.override.raw[1:])} changes it"] if old is not None else []
    ways += [f"{_pasted(f'{listed}+=[{value}]')} extends the list"]
    raise errors.OverrideError(
        f"`{edit.override.key}` is an item of a list, which + cannot add",
        where=edit.source.where,
        hint="\n".join(ways),
        source=edit.source.under_key(edit.override.path),
    )
