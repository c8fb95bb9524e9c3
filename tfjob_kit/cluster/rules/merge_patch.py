"""JSON merge patches (RFC 7386)."""

from __future__ import annotations

import copy
from typing import Any, cast

from tfjob_kit.cluster.port import Object

__all__ = ["merge_patch"]


def merge_patch(target: Object, patch: Object) -> Object:
    """A copy of the target with the patch applied: null removes, objects merge, everything else replaces."""
    result = copy.deepcopy(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            below: Any = result.get(name)
            base = cast("Object", below) if isinstance(below, dict) else {}
            result[name] = merge_patch(base, cast("Object", value))
        else:
            result[name] = copy.deepcopy(value)
    return result
