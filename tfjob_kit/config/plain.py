"""RunConfig as plain data and back: what travels to the replicas.

Owns the mapping between the frozen dataclasses and what YAML or JSON can hold. The runtime reads its config
with it, so this module imports the standard library and the schema alone; it trusts its input, which
composition has checked before.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import types
import typing
from typing import Annotated, Any, get_args, get_origin

from tfjob_kit.config import schema

_SIZE = re.compile(
    r"(?:(?P<type>[A-Za-z][A-Za-z0-9.\-]*):)?(?:(?P<replicas>[0-9]{1,9})x)?(?P<count>[0-9]{1,9})"
)


def parse_size(text: str) -> schema.Size | None:
    """The size that `4`, `2x4`, `A100:4`, `A100-80GB:2x4` or `0` means; None when it is not one."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    count = int(match["count"])
    if match["replicas"] is None:
        return schema.Size(replicas=count, per_replica=min(count, 1), type=match["type"])
    replicas = int(match["replicas"])
    if replicas == 0 or count == 0:
        return None
    return schema.Size(replicas=replicas, per_replica=count, type=match["type"])


def format_size(size: schema.Size) -> str | int:
    """The shortest text that parse_size reads back as the same size; an int where a number says it."""
    one_each = size.per_replica <= 1
    count = str(size.total) if one_each else f"{size.replicas}x{size.per_replica}"
    if size.type is not None:
        return f"{size.type}:{count}"
    return int(count) if count.isdigit() else count


def to_plain(value: Any) -> Any:
    """Dataclasses, enums and sizes as dicts, lists, text and numbers, keys in the order of the schema."""
    if isinstance(value, schema.Size):
        return format_size(value)
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        items = typing.cast("dict[Any, Any]", value).items()
        return {k: to_plain(v) for k, v in items}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in typing.cast("list[Any]", value)]
    return value


def without_unset(config: schema.RunConfig) -> dict[str, Any]:
    """As `to_plain`, less what is null or empty by default and still is: `from_plain` fills it in.

    It is what a person wants to read of a job, of which most keys say nothing.
    """
    return _set_keys(config)


def _set_keys(section: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, (type, schema.Size)):
            written = _set_keys(value)
        elif isinstance(value, dict):
            written = {k: _set_item(v) for k, v in typing.cast("dict[Any, Any]", value).items()}
        else:
            written = to_plain(value)
        if written not in (None, {}, []) or not _is_default(field, value):
            found[field.name] = written
    return found


def _set_item(value: Any) -> Any:
    is_section = dataclasses.is_dataclass(value) and not isinstance(value, (type, schema.Size))
    return _set_keys(value) if is_section else to_plain(value)


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    factory = field.default_factory
    return value == (field.default if factory is dataclasses.MISSING else factory())


def with_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """What `without_unset` wrote, with the keys that it left out; keys that the schema has not stay.

    Read by no type: data of another version comes back too.
    """
    return _fill(data, schema.RunConfig)


def _fill(value: Any, annotation: Any) -> Any:
    annotation, _ = strip_optional(annotation)
    if not isinstance(value, dict):
        return value
    data = typing.cast("dict[str, Any]", value)
    if get_origin(annotation) is dict:
        return {key: _fill(item, get_args(annotation)[1]) for key, item in data.items()}
    if annotation is Any or not dataclasses.is_dataclass(annotation):
        return data
    cls = typing.cast("type[Any]", annotation)
    defaults: dict[str, Any] = to_plain(cls())
    known = {k: _fill(data[k], field_types(cls)[k]) if k in data else defaults[k] for k in defaults}
    return known | {key: item for key, item in data.items() if key not in known}


def from_plain(data: dict[str, Any]) -> schema.RunConfig:
    """The RunConfig that `to_plain` wrote down.

    Raises:
        ValueError: A key that the schema has not, or a value that no field of that type can hold.
        TypeError: A value of the wrong shape.
    """
    return _read(data, schema.RunConfig)


@functools.cache
def field_types(cls: type[Any]) -> dict[str, Any]:
    """Resolved annotations of a schema dataclass, `Annotated` kept."""
    return typing.get_type_hints(cls, include_extras=True)


def strip_optional(annotation: Any) -> tuple[Any, bool]:
    """The annotation without `| None`, and whether None was allowed."""
    if get_origin(annotation) in (types.UnionType, typing.Union):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        return rest[0], len(rest) < len(get_args(annotation))
    return annotation, False


def _read(value: Any, annotation: Any) -> Any:
    annotation, optional = strip_optional(annotation)
    if value is None and optional:
        return None
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if annotation is schema.Size:
        size = parse_size(str(value))
        if size is None:
            raise ValueError(f"not a size: {value!r}")
        return size
    if get_origin(annotation) is dict:
        return {k: _read(v, get_args(annotation)[1]) for k, v in _entries(value).items()}
    if get_origin(annotation) is list:
        if not isinstance(value, list):
            raise TypeError(f"expected a list, got {value!r}")
        return [_read(v, get_args(annotation)[0]) for v in typing.cast("list[Any]", value)]
    if dataclasses.is_dataclass(annotation):
        return _read_dataclass(_entries(value), typing.cast("type[Any]", annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return annotation(value)
    if annotation is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if annotation is not Any and not isinstance(value, annotation):
        raise TypeError(f"expected {annotation.__name__}, got {value!r}")
    return value


def _entries(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a mapping, got {value!r}")
    return typing.cast("dict[str, Any]", value)


def _read_dataclass(entries: dict[str, Any], cls: type[Any]) -> Any:
    hints = field_types(cls)
    unknown = sorted(set(entries) - set(hints))
    if unknown:
        raise ValueError(f"unknown key: {unknown[0]}")
    return cls(**{k: _read(v, hints[k]) for k, v in entries.items()})
