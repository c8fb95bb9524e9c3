"""One key of a composed config with all that lies under it, and the error when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, cast

from tfjob_kit import errors
from tfjob_kit.config import plain, schema
from tfjob_kit.config.grammar import keys, words
from tfjob_kit.config.grammar.keys import Path
from tfjob_kit.config.nearest import AT_MOST, WHOLE_LIST, nearest
from tfjob_kit.config.tree.source import Source
from tfjob_kit.config.typed import fields

__all__ = ["find_path", "sources_at", "value_at"]


def find_path(key: str, config: schema.RunConfig) -> Path:
    """The path that a key names, dotted or, as groups are, with slashes.

    Raises:
        UnknownChoice: The schema has no such key, or an open map or list of the config nothing there.
        OverrideError: The key cannot be read.
    """
    path = keys.parse_path(key.replace("/", ".") if "." not in key else key)
    if fields.at(path) is None:
        _fail_unknown(key, path)
    data = plain.to_plain(config)
    found: Path = ()
    for depth, part in enumerate(path):
        step = part + len(data) if isinstance(part, int) and part < 0 else part
        below = _child(data, step)
        if below is None:
            _fail_unset(path, depth, data)
        data, found = below[0], (*found, step)
    return found


def value_at(data: Any, path: Path) -> Any:
    """What lies at a path that is there."""
    for part in path:
        data = data[part]
    return data


def sources_at(sources: Mapping[str, Source], path: Path) -> dict[str, Source]:
    """Sources of the leaves at and under a path."""
    head = keys.format_path(path)
    return {
        key: source
        for key, source in sources.items()
        if not path or key == head or key.startswith((f"{head}.", f"{head}["))
    }


def _child(data: Any, part: str | int) -> tuple[Any] | None:
    """What lies under a part; None when nothing does."""
    if isinstance(data, dict):
        entries = cast("dict[str, Any]", data)
        return (entries[part],) if isinstance(part, str) and part in entries else None
    if isinstance(data, list) and isinstance(part, int):
        items = cast("list[Any]", data)
        return (items[part],) if 0 <= part < len(items) else None
    return None


def _fail_unknown(key: str, path: Path) -> NoReturn:
    every = fields.all_paths()
    dotted = keys.format_path(path)
    named = [known for known in every if known.rpartition(".")[2] == str(path[-1])]
    parent = fields.at(path[:-1])
    siblings = [keys.format_path((*path[:-1], name)) for name in parent.keys] if parent else []
    close = tuple(dict.fromkeys([*nearest(dotted, siblings), *named, *nearest(dotted, every)]))[:AT_MOST]
    raise errors.UnknownChoice(
        f"no key {words.shown(key)}",
        nearest=close,
        hint=None if close else "`tfjob-kit config show` prints every key",
    )


def _fail_unset(path: Path, depth: int, data: Any) -> NoReturn:
    there = keys.format_path(path[:depth])
    if isinstance(data, list):
        count = len(cast("list[Any]", data))
        raise errors.UnknownChoice(
            f"{keys.show_path(path)} is not set",
            hint=f"`{there}` has {count} item{'' if count == 1 else 's'}, the first is `{there}[0]`"
            if count
            else f"`{there}` is empty",
        )
    names = list(cast("dict[str, Any]", data)) if isinstance(data, dict) else []
    full = [keys.format_path((*path[:depth], name)) for name in names]
    raise errors.UnknownChoice(
        f"{keys.show_path(path)} is not set",
        nearest=nearest(keys.format_path(path[: depth + 1]), full),
        hint=f"`{there}` holds {', '.join(names[:WHOLE_LIST])}" if names else f"`{there}` holds nothing",
    )
