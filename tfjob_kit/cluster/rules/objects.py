"""Reading inside plain objects, where what is empty may be missing or null."""

from __future__ import annotations

from typing import Any

from tfjob_kit.cluster.port import Object

__all__ = ["items", "part"]


def part(value: Object, *keys: str) -> Object:
    """The object inside an object; empty where there is none."""
    inner: Any = value
    for key in keys:
        inner = inner.get(key) or {}
    return inner


def items(value: Object, *keys: str) -> list[Object]:
    """The list of objects inside an object; empty where there is none."""
    return part(value, *keys[:-1]).get(keys[-1]) or []
