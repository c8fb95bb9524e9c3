"""What the schema says about one path: type, bounds, keys below.

Owns walking the dataclasses. Must not read values.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast, get_args, get_origin

from tfjob_kit.config import plain, schema
from tfjob_kit.config.grammar.keys import Path


@dataclass(frozen=True, kw_only=True)
class Field:
    """One place of the schema.

    Attributes:
        type: The annotation without `| None`; `Any` below open parameters.
        optional: Whether null is a value.
        minimum: Inclusive bound; None where there is none.
        maximum: Likewise.
    """

    type: Any
    optional: bool = False
    minimum: float | None = None
    maximum: float | None = None

    @property
    def dataclass(self) -> type[Any] | None:
        """The closed dataclass, whose keys are all there are; Size is a scalar in this sense."""
        cls = cast("type[Any]", self.type)
        return cls if cls is not schema.Size and dataclasses.is_dataclass(cls) else None

    @property
    def is_map(self) -> bool:
        """Whether keys are free and values typed."""
        return get_origin(self.type) is dict

    @property
    def is_list(self) -> bool:
        """Whether it holds items."""
        return get_origin(self.type) is list

    @property
    def is_any(self) -> bool:
        """Whether nothing is said about what lies here and below."""
        return self.type is Any

    @property
    def items(self) -> Field:
        """Of a map or list: each value."""
        return _make_field(get_args(self.type)[-1])

    @property
    def keys(self) -> dict[str, Field]:
        """Of a closed dataclass: its keys in order."""
        return {} if self.dataclass is None else _fields(self.dataclass)


ROOT = Field(type=schema.RunConfig)


def step(field: Field, part: str | int) -> Field | None:
    """The field below; None when the schema has none there."""
    if field.is_any:
        return field
    if field.is_list:
        return field.items if isinstance(part, int) else None
    if isinstance(part, int):
        return None
    return field.items if field.is_map else field.keys.get(part)


def at(path: Path) -> Field | None:
    """The field at a path; None when the schema has none."""
    field: Field | None = ROOT
    for part in path:
        field = None if field is None else step(field, part)
    return field


@functools.cache
def all_paths() -> tuple[str, ...]:
    """Every key of the schema, dotted, without what lies in open maps."""
    return tuple(".".join(path) for path in _paths(ROOT))


def _paths(field: Field) -> Iterator[tuple[str, ...]]:
    for name, below in field.keys.items():
        yield (name,)
        for path in _paths(below):
            yield (name, *path)


@functools.cache
def _fields(cls: type[Any]) -> dict[str, Field]:
    hints = plain.field_types(cls)
    found = {f.name: f.metadata for f in dataclasses.fields(cls)}
    return {
        name: _make_field(hints[name], minimum=meta.get("minimum"), maximum=meta.get("maximum"))
        for name, meta in found.items()
    }


def _make_field(annotation: Any, *, minimum: float | None = None, maximum: float | None = None) -> Field:
    bare, optional = plain.strip_optional(annotation)
    return Field(type=bare, optional=optional, minimum=minimum, maximum=maximum)
