"""What an overlay may not say, told with the key of the config that says it.

Owns the shape of an overlay (a pod template, directives that exist, items that can be told apart) and what
operator and kit need of a pod: the container `tensorflow`, its variables, the labels pods are found by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, cast

from tfjob_kit import contract, errors
from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.nearest import nearest
from tfjob_kit.manifest.overlay import DELETE, REPLACE, Names, apply_overlays, item_key, merge_key
from tfjob_kit.plan import Overlay
from tfjob_kit.plan.labels import OWNED_PREFIXES

__all__ = ["check_overlaid", "check_overlay", "overlay_template"]

_PARTS = ("metadata", "spec")
_OF_METADATA = ("annotations", "labels")
_DIRECTIVES = (REPLACE, DELETE)
_KITS_ENV = "TFJOB_KIT_"
_CONTAINERS: Names = ("spec", "containers")


def overlay_template(template: dict[str, Any], overlays: Sequence[Overlay]) -> dict[str, Any]:
    """A pod template with the overlays merged into it, one after the other, each checked.

    Raises:
        InvalidValue: With the key of the config, e.g. `overlay.all.spec.restartPolicy`.
    """
    for overlay in overlays:
        check_overlay(overlay, template)
        merged = apply_overlays(template, (overlay,))
        check_overlaid(template, merged, overlay=overlay)
        template = merged
    return template


def check_overlay(overlay: Overlay, template: dict[str, Any]) -> None:
    """Refuses an overlay that cannot be merged into the template, or that takes away what a job stands on.

    Raises:
        InvalidValue: With the key of the config, e.g. `overlay.all.spec.restartPolicy`.
    """
    fields = overlay.fields
    for name in fields:
        if name not in (*_PARTS, REPLACE):
            _refuse_part(overlay, name)
    if REPLACE in fields:
        _refuse(overlay, (REPLACE,), "the pod template cannot be replaced whole", hint="name what changes")
    _check_value(overlay, fields, (), ())
    _check_kinds(overlay, template, fields, (), ())
    _check_metadata(overlay, fields.get("metadata") or {})
    _check_spec(overlay, fields.get("spec") or {})


def check_overlaid(before: dict[str, Any], after: dict[str, Any], *, overlay: Overlay) -> None:
    """Refuses a template that has lost what a job stands on.

    Args:
        before: The pod template without the overlay.
        after: With it.
        overlay: The overlay.

    Raises:
        InvalidValue: The container `tensorflow` or one of the kit's variables is gone or another.
    """
    old, new = _training(before), _training(after)
    if new is None or not new.get("image"):
        _refuse(
            overlay,
            _CONTAINERS,
            f"the overlay leaves no container `{contract.CONTAINER_NAME}` with an image",
            hint="the operator finds the training by this name: change the container, do not take it away",
        )
    kept, left = _kits_variables(old or {}), _kits_variables(new)
    for name in (kept | left) if kept != left else ():
        if kept.get(name) != left.get(name):
            _refuse(
                overlay,
                (*_CONTAINERS, "env"),
                f"the overlay changes or removes `{name}`, which belongs to tfjob-kit",
                hint="variables of your own may have any other name",
            )


def _training(template: dict[str, Any]) -> dict[str, Any] | None:
    spec = cast("dict[str, Any]", template.get("spec") or {})
    containers = cast("list[Any]", spec.get("containers") or [])
    return next((found for found in containers if _named(found) == contract.CONTAINER_NAME), None)


def _kits_variables(container: dict[str, Any]) -> dict[str, Any]:
    entries: Any = container.get("env") or []
    return {entry["name"]: entry for entry in entries if str(_named(entry)).startswith(_KITS_ENV)}


def _named(item: Any) -> Any:
    return cast("dict[str, Any]", item).get("name") if isinstance(item, dict) else None


def _check_kinds(overlay: Overlay, base: Any, over: Any, names: Names, path: Path) -> None:
    """What is a dict, a list or a single value stays one; null removes it."""
    if over is None and len(path) == 1:
        _refuse(overlay, path, f"`{path[0]}` of a pod template cannot be removed", hint="name what changes")
    if over is not None and base is not None and _kind(base) != _kind(over):
        form = {"dict": "{key: value}", "list": "[item]"}.get(_kind(base), "VALUE")
        _refuse(
            overlay, path, f"`{path[-1]}` is a {_kind(base)}, not a {_kind(over)}", hint=f"{path[-1]}: {form}"
        )
    if isinstance(base, dict) and isinstance(over, dict):
        known, said = cast("dict[str, Any]", base), cast("dict[str, Any]", over)
        for name, value in said.items():
            _check_kinds(overlay, known.get(name), value, (*names, name), (*path, name))
    elif isinstance(base, list) and isinstance(over, list):
        key = merge_key(names)
        items = {item_key(item, key): item for item in cast("list[Any]", base)}
        for number, item in enumerate(cast("list[Any]", over) if key else []):
            _check_kinds(overlay, items.get(item_key(item, key)), item, names, (*path, number))


def _kind(value: Any) -> str:
    return "dict" if isinstance(value, dict) else "list" if isinstance(value, list) else "single value"


def _check_value(overlay: Overlay, value: Any, names: Names, path: Path) -> None:
    """The shape of everything below a place."""
    is_item = bool(path) and isinstance(path[-1], int)
    if merge_key(names) is not None and not is_item and value is not None and not isinstance(value, list):
        _refuse(overlay, path, f"`{path[-1]}` is a list, not a {_kind(value)}", hint=f"{path[-1]}: [item]")
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        for key, below in fields.items():
            if key.startswith("$"):
                _check_directive(overlay, key, below, (*path, key))
            else:
                _check_value(overlay, below, (*names, key), (*path, key))
    elif isinstance(value, list):
        _check_list(overlay, cast("list[Any]", value), names, path)


def _check_list(overlay: Overlay, items: list[Any], names: Names, path: Path) -> None:
    key, seen = merge_key(names), set[str]()
    for number, item in enumerate(items):
        place = (*path, number)
        if item == {REPLACE: True}:
            continue
        if key is not None:
            _check_item(overlay, item, key, seen, place)
        elif isinstance(item, dict) and DELETE in item:
            _refuse(
                overlay,
                (*place, DELETE),
                "the items of this list have no name to be found by: it is replaced as a whole",
                hint="write all items that it shall have",
            )
        _check_value(overlay, item, names, place)


def _check_item(overlay: Overlay, item: Any, key: str, seen: set[str], place: Path) -> None:
    found = cast("dict[str, Any]", item).get(key) if isinstance(item, dict) else None
    if not isinstance(found, str):
        _refuse(
            overlay,
            place,
            f"the item has no `{key}`, by which the items of this list merge",
            hint=f"{{{key}: ..., ...}}",
        )
    if found in seen:
        _refuse(overlay, place, f"a second item has the {key} `{found}`", hint="write it once")
    seen.add(found)


def _check_directive(overlay: Overlay, key: str, value: Any, path: Path) -> None:
    if key not in _DIRECTIVES:
        _refuse(
            overlay,
            path,
            f"there is no directive `{key}`",
            close=nearest(key, _DIRECTIVES),
            hint=f"`{REPLACE}: true` replaces a dict or list, `{DELETE}: true` removes a named item, "
            "`null` removes a key",
        )
    if value is not True:
        _refuse(overlay, path, f"`{key}` takes `true` alone", hint=f"{key}: true, or leave it out")
    if key == DELETE and not isinstance(path[-2] if len(path) > 1 else None, int):
        _refuse(overlay, path, f"`{DELETE}` removes items of lists", hint="`null` removes a key")


def _refuse_part(overlay: Overlay, name: str) -> NoReturn:
    if name == DELETE or (name.startswith("$") and name != REPLACE):
        _check_directive(overlay, name, True, (name,))
    part = "metadata" if name in _OF_METADATA else "spec"
    _refuse(
        overlay,
        (name,),
        f"a pod template has `metadata` and `spec`, not `{name}`",
        close=nearest(name, _PARTS),
        hint=f"{overlay.key}.{part}.{name}",
    )


def _check_metadata(overlay: Overlay, metadata: dict[str, Any]) -> None:
    for kind in _OF_METADATA:
        for key, path, value in _entries(metadata.get(kind), ("metadata", kind)):
            if any(key.startswith(taken) for taken in OWNED_PREFIXES):
                _refuse(
                    overlay,
                    path,
                    f"`{key}` belongs to the operator and the kit, which find pods by it",
                    hint="choose a key under a domain of your own",
                )
            if value is not None and not isinstance(value, str):
                _refuse(overlay, path, f"`{value}` is no text, and {kind} hold text alone", hint=f"'{value}'")


def _entries(value: Any, path: Path) -> Iterator[tuple[str, Path, Any]]:
    for key, below in cast("dict[str, Any]", value).items() if isinstance(value, dict) else ():
        if key not in _DIRECTIVES:
            yield key, (*path, key), below


def _check_spec(overlay: Overlay, spec: dict[str, Any]) -> None:
    if "restartPolicy" in spec:
        _refuse(
            overlay,
            ("spec", "restartPolicy"),
            "the operator overwrites `restartPolicy` of the template with that of the role",
            hint=f"job.restart_policy={spec['restartPolicy']}",
        )
    containers = spec.get("containers")
    for number, item in enumerate(cast("list[Any]", containers) if isinstance(containers, list) else []):
        if _named(item) == contract.CONTAINER_NAME:
            _check_training(overlay, item, (*_CONTAINERS, number))


def _check_training(overlay: Overlay, container: dict[str, Any], path: Path) -> None:
    if DELETE in container:
        _refuse(
            overlay,
            (*path, DELETE),
            f"the container `{contract.CONTAINER_NAME}` is the training: it cannot be removed",
            hint="`$replace: true` gives it other fields",
        )
    env = container.get("env")
    for number, entry in enumerate(cast("list[Any]", env) if isinstance(env, list) else []):
        place = (*path, "env", number)
        if _named(entry) == contract.TF_CONFIG_ENV:
            _refuse(
                overlay,
                place,
                "`TF_CONFIG` is set by the operator, which would replace this value",
                hint="remove it; `gpus` and `replicas` decide what it says",
            )
        value = cast("dict[str, Any]", entry).get("value") if isinstance(entry, dict) else None
        if value is not None and not isinstance(value, str):
            _refuse(
                overlay,
                (*place, "value"),
                f"`{value}` is no text, and variables hold text alone",
                hint=f"'{value}'",
            )


def _refuse(
    overlay: Overlay, path: Path, message: str, *, hint: str, close: tuple[str, ...] = ()
) -> NoReturn:
    where = format_path((*overlay.key.split("."), *path))
    raise errors.InvalidValue(message, where=where, hint=hint, nearest=close)
