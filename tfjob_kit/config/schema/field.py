"""How a key is declared: its default, description, bounds, and how its text is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, cast


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How the text of a field is read, beyond its Python type.

    Attributes:
        name: `quantity`, `duration` or `label`.
    """

    name: str


Quantity = Annotated[str, Kind(name="quantity")]
"""A Kubernetes quantity, kept as written: `500m`, `16Gi`."""
Duration = Annotated[int, Kind(name="duration")]
"""Seconds; written as seconds or `90s 15m 2h30m 7d`."""
Label = Annotated[str, Kind(name="label")]
"""The value of a label or annotation: text that an unquoted number, `true` or `null` is not."""


def key(default: Any, doc: str, *, minimum: float | None = None, maximum: float | None = None) -> Any:
    """A schema field: default, one-line description with its unit, inclusive bounds."""
    metadata = {"doc": doc, "minimum": minimum, "maximum": maximum}
    if isinstance(default, (dict, list)):
        empty = cast("dict[str, Any] | list[Any]", default)
        return field(default_factory=empty.copy, metadata=metadata)
    if isinstance(default, type):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)
