"""What can be chosen and set: groups with their options and what these are for, and the keys of the schema.

Owns listing: for `config options`, the completion of a shell, and pages of the docs. Reads the comments that
open a file and no YAML, so that a broken file is still listed and nothing heavy is imported. Must not know
which option a run takes (`files.choices`).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tfjob_kit.config import plain, schema
from tfjob_kit.config.files.option import Option, read_option
from tfjob_kit.config.files.search_path import make_search_path
from tfjob_kit.config.typed import fields

__all__ = ["Group", "Key", "Option", "list_groups", "list_keys"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A folder of options.

    Attributes:
        name: Its path: `model`, `train/optimizer`.
        about: What the key of that name is; empty where the schema has none.
        options: Sorted by name.
    """

    name: str
    about: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key of the schema.

    Attributes:
        path: Dotted: `train.optimizer.name`.
        about: One line, with the unit.
        kind: `section`, `map`, `list`, `text`, `integer`, `number`, `true or false`, `one of ...`, or what
            the schema calls it: `size`, `quantity`, `duration`, `label`; `any` where nothing is said.
        values: What may stand there, where these are few: members of an enum, `true` and `false`.
        default: As plain data; None for null and for a section.
    """

    path: str
    about: str
    kind: str
    values: tuple[str, ...]
    default: Any


def list_groups(*, conf_dir: Path | None, cwd: Path) -> tuple[Group, ...]:
    """Every group on the search path, sorted.

    Args:
        conf_dir: `--conf-dir`, searched first.
        cwd: The working directory, whose `conf/` is searched next.

    Raises:
        ConfigError: `conf_dir` is no folder that can be read.
    """
    search_path = make_search_path(conf_dir=conf_dir, cwd=cwd)
    abouts = {key.path: key.about for key in list_keys()}
    return tuple(
        Group(
            name=group,
            about=abouts.get(group.replace("/", "."), ""),
            options=tuple(read_option(search_path, group, name) for name in search_path.options(group)),
        )
        for group in sorted(search_path.groups)
    )


@functools.cache
def list_keys() -> tuple[Key, ...]:
    """Every key of the schema in its order; what lies in open maps has no names of its own."""
    return tuple(_keys(schema.RunConfig, ""))


def _keys(cls: type[Any], prefix: str) -> Iterator[Key]:
    defaults = cls()
    for found in dataclasses.fields(cls):
        field = fields.step(fields.Field(type=cls), found.name)
        if field is None:
            continue
        inner = field.dataclass
        yield Key(
            path=prefix + found.name,
            about=found.metadata.get("doc", ""),
            kind=_kind(field),
            values=_values(field),
            default=None if inner else plain.to_plain(getattr(defaults, found.name)),
        )
        if inner is not None:
            yield from _keys(inner, f"{prefix}{found.name}.")


def _kind(field: fields.Field) -> str:
    if field.is_any:
        return "any"
    if field.dataclass is not None:
        return "section"
    if field.is_map or field.is_list:
        return "map" if field.is_map else "list"
    if field.type is schema.Size:
        return "size"
    if _values(field) and field.type is not bool:
        return f"one of {', '.join(_values(field))}"
    named = [kind.name for kind in getattr(field.type, "__metadata__", ()) if isinstance(kind, schema.Kind)]
    words = {str: "text", int: "integer", float: "number", bool: "true or false"}
    return named[0] if named else words.get(field.type, "any")


def _values(field: fields.Field) -> tuple[str, ...]:
    if field.type is bool:
        return ("true", "false")
    if isinstance(field.type, enum.EnumMeta):
        return tuple(str(member.value) for member in cast("type[enum.Enum]", field.type))
    return ()
