"""What users merge into pod templates: `overlay.{all,chief,worker,evaluator}`.

Owns the rules of merging. Dicts merge key by key and `null` removes a key. Lists whose items have a key of
their own merge by it, new items go to the end; all other lists are replaced. The keys are those of
Kubernetes' strategic merge (`patchMergeKey` in k8s.io/api/core/v1/types.go, v0.36) but for `ports`, which
merge by name instead of number: every port of a TFJob needs a name. `$replace: true` in a dict, or as an item
`{$replace: true}` of a list, replaces the whole; `$delete: true` in an item of a merging list removes it.

A volume that is given another source loses the one it had, likewise a variable: the API takes one only, and
strategic merge asks for `$retainKeys` there.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

from tfjob_kit.plan import Overlay

__all__ = ["DELETE", "REPLACE", "Names", "apply_overlays", "bare", "item_key", "merge_key"]

REPLACE, DELETE = "$replace", "$delete"
Names = tuple[str, ...]
"""Keys from the top of a pod template down; indices left out."""

_OF_POD = {
    "containers": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "resourceClaims": "name",
    "schedulingGates": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumes": "name",
}
_OF_CONTAINER = {"env": "name", "ports": "name", "volumeDevices": "devicePath", "volumeMounts": "mountPath"}
_CONTAINERS = ("containers", "ephemeralContainers", "initContainers")
_MERGE_KEYS: dict[Names, str] = {("spec", name): key for name, key in _OF_POD.items()} | {
    ("spec", kind, name): key for kind in _CONTAINERS for name, key in _OF_CONTAINER.items()
}
_ONE_SOURCE: dict[Names, frozenset[str]] = {
    ("spec", "volumes"): frozenset({"name"}),
    **{("spec", kind, "env"): frozenset({"name"}) for kind in _CONTAINERS},
    **{("spec", kind, "env", "valueFrom"): frozenset[str]() for kind in _CONTAINERS},
}
"""Dicts of which one key holds the content, and the keys beside it that may stay."""


def merge_key(names: Names) -> str | None:
    """What the items of the list at this place are told apart by; None for a list that is replaced."""
    return _MERGE_KEYS.get(names)


def apply_overlays(template: dict[str, Any], overlays: Sequence[Overlay]) -> dict[str, Any]:
    """A pod template with the overlays merged into it, one after the other; nothing is checked."""
    for overlay in overlays:
        template = _merge_dict(template, overlay.fields, ())
    return template


def bare(value: Any, names: Names) -> Any:
    """What a value of an overlay means where there is nothing to merge it into: no directives, no nulls."""
    if isinstance(value, dict):
        return _merge_dict({}, cast("dict[str, Any]", value), names)
    return _merge_list([], cast("list[Any]", value), names) if isinstance(value, list) else value


def item_key(item: Any, key: str | None) -> Any:
    """What tells this item of a merging list apart; None when it has no such thing."""
    return cast("dict[str, Any]", item).get(key) if isinstance(item, dict) and key is not None else None


def _merge(base: Any, over: Any, names: Names) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return _merge_dict(cast("dict[str, Any]", base), cast("dict[str, Any]", over), names)
    if isinstance(base, list) and isinstance(over, list):
        return _merge_list(cast("list[Any]", base), cast("list[Any]", over), names)
    return bare(over, names)


def _merge_dict(base: dict[str, Any], over: dict[str, Any], names: Names) -> dict[str, Any]:
    """Keys of the base keep their place; new ones go to the end."""
    merged = {} if REPLACE in over else _with_one_source(base, over, names)
    for key, value in over.items():
        if key in (REPLACE, DELETE):
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value, (*names, key))
    return merged


def _with_one_source(base: dict[str, Any], over: dict[str, Any], names: Names) -> dict[str, Any]:
    """A copy of the base, without the source that another one in the overlay takes the place of."""
    beside = _ONE_SOURCE.get(names)
    merged = copy.deepcopy(base)
    if beside is None:
        return merged
    sources = {key for key, value in over.items() if value is not None and key not in beside}
    replaces = bool(sources - merged.keys())
    return {key: value for key, value in merged.items() if not replaces or key in beside | sources}


def _merge_list(base: list[Any], over: list[Any], names: Names) -> list[Any]:
    key = merge_key(names)
    items = [item for item in over if item != {REPLACE: True}]
    start = base if key is not None and len(items) == len(over) else []
    merged = {_place(item, key, number): copy.deepcopy(item) for number, item in enumerate(start)}
    for number, item in enumerate(items, len(start)):
        place = _place(item, key, number)
        if isinstance(item, dict) and DELETE in item:
            merged.pop(place, None)
        else:
            merged[place] = _merge(merged.get(place), item, names)
    return list(merged.values())


def _place(item: Any, key: str | None, number: int) -> Any:
    """What items are matched by: those of a merging list by their key, others by nothing."""
    found = item_key(item, key)
    return (number,) if found is None else found
