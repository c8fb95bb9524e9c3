"""Which key of an overlay a field of the manifest comes from.

Owns the way from a place in a TFJob back to the config: for findings and for `config show --sources`, whose
sources are kept by such keys (`overlay.all.spec.nodeSelector.pool`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.manifest.overlay import DELETE, REPLACE, Names, bare, item_key, merge_key
from tfjob_kit.plan import Overlay

__all__ = ["describe_overlays", "find_overlay_key"]

_TEMPLATE = ("spec", "tfReplicaSpecs")
_SHOWN = 4  # Fields that people get to read in one line.


def find_overlay_key(
    manifest: Mapping[str, Any], path: Path, *, overlays: Mapping[str, Sequence[Overlay]]
) -> str | None:
    """The config key of the overlay that a field of the TFJob comes from; None when none set it.

    Args:
        manifest: The TFJob with the overlays in it.
        path: Keys and indices from its top, e.g. `("spec", "tfReplicaSpecs", "Worker", "template", "spec",
            "containers", 0, "image")`. A place where nothing stands belongs to the overlay that removed it.
        overlays: By role, in the order of merging: `plan.make_overlays(config.overlay)`, or
            `{role.name: role.overlays for role in job_plan.roles}`.

    Returns:
        E.g. `overlay.worker.spec.containers[0].image`: index and key as the overlay has them, so that it
        is a key of `Composed.sources` or the beginning of some. A dict or list of which an overlay set
        some parts only is not the overlay's.
    """
    if path[:2] != _TEMPLATE or len(path) < 4 or path[3] != "template":
        return None
    role, inside = str(path[2]), path[4:]
    value: Any = manifest
    for step in path[:4]:
        value = cast("dict[Any, Any]", value).get(step) if isinstance(value, dict) else None
    for overlay in reversed(overlays.get(role, ())):
        found = _trace(overlay.fields, value, inside, ())
        if found is not None:
            return format_path((*overlay.key.split("."), *found))
    return None


def describe_overlays(overlays: Mapping[str, Sequence[Overlay]]) -> str:
    """The fields that overlays change, for one line: `spec.nodeSelector.pool, tensorflow.image (worker)`."""
    seen = {o.key: o for each in overlays.values() for o in each}
    fields = [
        text if key == "overlay.all" else f"{text} ({key.removeprefix('overlay.')})"
        for key, overlay in seen.items()
        for text in dict.fromkeys(_leaves(overlay.fields, (), ()))
    ]
    more = len(fields) - _SHOWN
    return ", ".join(fields[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _trace(over: Any, value: Any, path: Path, names: Names) -> Path | None:
    """The place inside the overlay that decides on the value at `path`; None when it does not."""
    if over is None:
        return ()
    if not path:
        return () if not _is_part(over) or bare(over, names) == value else None
    step = path[0]
    if isinstance(over, dict) and isinstance(step, str):
        return _trace_dict(cast("dict[str, Any]", over), value, path, names)
    if isinstance(over, list) and isinstance(step, int):
        return _trace_list(cast("list[Any]", over), value, path, names)
    return ()


def _trace_dict(over: dict[str, Any], value: Any, path: Path, names: Names) -> Path | None:
    step = str(path[0])
    if step in over:
        below = cast("dict[str, Any]", value).get(step) if isinstance(value, dict) else None
        found = _trace(over[step], below, path[1:], (*names, step))
        return None if found is None else (step, *found)
    return () if REPLACE in over else None


def _trace_list(over: list[Any], value: Any, path: Path, names: Names) -> Path | None:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    index = cast("int", path[0])
    below = items[index] if -len(items) <= index < len(items) else None
    key = merge_key(names)
    if key is None:
        kept = [number for number, item in enumerate(over) if item != {REPLACE: True}]
        number = kept[index] if -len(kept) <= index < len(kept) else None
    else:
        wanted = item_key(below, key)
        number = next((n for n, item in enumerate(over) if item_key(item, key) == wanted), None)
    if number is None:
        return None
    found = _trace(over[number], below, path[1:], names)
    return None if found is None else (number, *found)


def _is_part(over: Any) -> bool:
    """Whether it is merged into what is there, rather than put in its place."""
    if isinstance(over, dict):
        return REPLACE not in over
    return isinstance(over, list) and {REPLACE: True} not in over


def _leaves(value: Any, names: Names, shown: tuple[str, ...]) -> Iterator[str]:
    """What an overlay changes: named things by their name, what it replaces as a whole."""
    if isinstance(value, dict) and value and REPLACE not in value and DELETE not in value:
        for name, below in cast("dict[str, Any]", value).items():
            yield from _leaves(below, (*names, name), (*shown, name))
        return
    key = merge_key(names)
    if isinstance(value, list) and key is not None and {REPLACE: True} not in value:
        for item in cast("list[Any]", value):
            found = str(item_key(item, key))
            rest = {k: v for k, v in item.items() if k != key}
            yield from _leaves(rest, names, (*shown[:-1], f"{shown[-1]}[{found}]"))
        return
    yield ".".join(shown)
