"""Patches of TFJobs that keep what others wrote into them.

Owns the three-way rule: what two manifests differ in is carried over to the job as it is stored, and
everything else in it stays, whoever wrote it. Pure.
"""

from __future__ import annotations

import copy
from typing import Any, cast

from tfjob_kit.cluster.port import Object

__all__ = ["carry_over", "merge_patch_between"]

_GONE = object()


def carry_over(stored: Object, *, base: Object, wanted: Object) -> Object:
    """A copy of `stored` with every change from `base` to `wanted` made in it.

    Lists of named things (containers, env, volumes) are matched by name, other lists count as wholes.
    """
    return _carry(copy.deepcopy(stored), base, wanted)


def merge_patch_between(old: Object, new: Object) -> Object:
    """The JSON merge patch (RFC 7386) that makes `new` out of `old`; empty when they are equal."""
    patch: Object = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name, _GONE)
        if before == value:
            continue
        if isinstance(before, dict) and isinstance(value, dict):
            patch[name] = merge_patch_between(cast("Object", before), cast("Object", value))
        else:
            patch[name] = copy.deepcopy(value)
    return patch


def _carry(stored: Any, base: Any, wanted: Any) -> Any:
    if base == wanted:
        return stored
    if all(_is_object(value) for value in (stored, base, wanted)):
        return _carry_keys(stored, base, wanted)
    named = [_by_name(value) for value in (stored, base, wanted)]
    if all(named):
        return list(_carry_keys(*named).values())
    return copy.deepcopy(wanted)


def _carry_keys(stored: Object, base: Object, wanted: Object) -> Object:
    """Keys keep their place; new ones go to the end."""
    for name in [*base, *(name for name in wanted if name not in base)]:
        if base.get(name, _GONE) == wanted.get(name, _GONE):
            continue
        if name not in wanted:
            stored.pop(name, None)
        else:
            stored[name] = _carry(stored.get(name, _GONE), base.get(name, _GONE), wanted[name])
    return stored


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _by_name(value: Any) -> Object:
    """The list's things by their name; empty for what is no list of things with names of their own."""
    if not isinstance(value, list):
        return {}
    things = [cast("Object", thing) for thing in cast("list[Any]", value) if isinstance(thing, dict)]
    found = {thing["name"]: thing for thing in things if "name" in thing}
    return found if len(found) == len(cast("list[Any]", value)) else {}
