"""Types, required fields and field names of a TFJob, as the CRD of training-operator v1.9.4 has them.

Owns the comparison of a document with `crd.json`, which `scripts/crd_shape.py` writes from that CRD.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Literal, cast

from tfjob_kit.lint.part import Part

__all__ = ["Problem", "problems"]

_METADATA: dict[str, Any] = {
    **dict.fromkeys(("name", "generateName", "namespace"), "string"),
    "labels": {"*": "string"},
    "annotations": {"*": "string"},
}
_DEEPEST = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Where a document is not as the schema has it.

    Attributes:
        kind: A wrong type, a missing required field, or a field that the server drops.
        wanted: The type, for a wrong one.
        known: The fields there are, for an unknown one.
    """

    kind: Literal["type", "missing", "unknown"]
    part: Part
    wanted: str = ""
    known: tuple[str, ...] = ()


def problems(root: Part) -> Iterator[Problem]:
    """Every problem of the document."""
    for name, shape in (("metadata", _METADATA), ("spec", _spec())):
        part = root.at(name)
        if not part.exists:
            yield Problem(kind="missing", part=part)
        # Metadata has fields of the server's that nobody writes, so only types are looked at.
        yield from _compare(part, shape, closed=name == "spec", depth=0)


def _compare(part: Part, shape: Any, *, closed: bool, depth: int) -> Iterator[Problem]:
    value = part.value
    if value is None or shape == "any" or depth > _DEEPEST:
        return
    if isinstance(shape, str):
        if not _fits(value, shape):
            yield Problem(kind="type", part=part, wanted=shape)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield Problem(kind="type", part=part, wanted="list")
        for item in part.items():
            if item.value is None:
                yield Problem(kind="type", part=item, wanted=_name(shape[0]))
            yield from _compare(item, shape[0], closed=closed, depth=depth + 1)
    elif not isinstance(value, dict):
        yield Problem(kind="type", part=part, wanted="object")
    else:
        yield from _mapping(part, shape, closed=closed, depth=depth)


def _mapping(part: Part, shape: dict[str, Any], *, closed: bool, depth: int) -> Iterator[Problem]:
    if (each := shape.get("*")) is not None:
        for key in cast("dict[Any, Any]", part.value):
            if not isinstance(key, str):
                yield Problem(kind="type", part=Part((*part.path, str(key)), key), wanted="string")
        for _, value in part.entries():
            if value.value is None:
                yield Problem(kind="type", part=value, wanted=_name(each))
            yield from _compare(value, each, closed=closed, depth=depth + 1)
        return
    known = _fields(id(shape), tuple(shape))
    for name, value in part.entries():
        if name in known:
            yield from _compare(value, shape[known[name]], closed=closed, depth=depth + 1)
        elif closed:
            yield Problem(kind="unknown", part=value, known=tuple(known))
    for name, key in known.items():
        if key.endswith("!") and part.at(name).value is None:
            yield Problem(kind="missing", part=part.at(name))


@functools.lru_cache(maxsize=2048)
def _fields(shape: int, keys: tuple[str, ...]) -> dict[str, str]:
    """Field -> key of the shape, which marks required ones; `shape` is its identity, to tell it by."""
    del shape
    return {key.removesuffix("!"): key for key in keys}


def _fits(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if kind == "number":
        return isinstance(value, int | float)
    # A server takes a whole number for a quantity; one with a fraction it takes too, though only as JSON.
    return isinstance(value, str) or (kind == "quantity" and isinstance(value, int | float))


def _name(shape: Any) -> str:
    return shape if isinstance(shape, str) else "list" if isinstance(shape, list) else "object"


@functools.cache
def _spec() -> dict[str, Any]:
    """`crd.json`'s spec."""
    data: dict[str, Any] = json.loads((FilePath(__file__).with_name("crd.json")).read_text())
    return data["spec"]
