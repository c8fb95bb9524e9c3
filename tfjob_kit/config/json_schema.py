"""The config's dataclasses as JSON Schema (draft 2020-12), for editors and other tools.

Owns what a file may hold: the base file, or an option file, whose body is the subtree of its group. The
schema accepts whatever composition accepts; what composition refuses for reasons that a type cannot tell (an
unquoted `yes` for a text, a choice that no folder holds) is left to it. Must not read files.

`patternErrorMessage` is no keyword of the standard: VS Code and yaml-language-server show it for a pattern.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Mapping
from typing import Any, cast, get_args

from tfjob_kit.config import plain, schema
from tfjob_kit.config.typed import fields
from tfjob_kit.config.typed.fields import Field

__all__ = ["DIALECT", "make_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]

_GROUP = r"/?[A-Za-z0-9_\-]+(?:/[A-Za-z0-9_\-]+)*(?:@[A-Za-z0-9_.\-]+)?"
_OPEN: Json = {
    "$comment": "${other.key}: the value of another key · ???: must be given on the command line",
    "type": "string",
    "pattern": r"^\?\?\?$|\$\{",
}
_OPTION: Json = {"type": ["string", "number", "boolean"]}
_DEFAULTS: Json = {
    "description": "The options that this file starts from; what is chosen on the command line wins",
    "type": "array",
    "items": {
        "anyOf": [
            {"const": "_self_", "description": "Where the keys of this file merge; without it: at the end"},
            {"type": "string", "pattern": f"^{_GROUP}$", "description": "Another file of this folder"},
            {
                "type": "object",
                "description": "`group: option`, `override /group: option` or `optional group: option`",
                "propertyNames": {
                    "pattern": rf"^(?:(?:override|optional)\s+)?{_GROUP}$",
                    "patternErrorMessage": "An entry is a group, `override /group` or `optional group`",
                },
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {
                    "anyOf": [_OPTION, {"type": "null"}, {"type": "array", "items": _OPTION}]
                },
            },
        ]
    },
}
_QUANTITY: Json = {
    "description": "A Kubernetes quantity: 500m, 4, 1.5, 16Gi",
    "anyOf": [
        {
            "type": "string",
            "pattern": r"^\+?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})"
            r"(?:[KMGTPE]i|[numkMGTPE]|[eE][+\-]?[0-9]{1,3})?$",
            "patternErrorMessage": "A quantity is a number and a unit: m k M G T P E Ki Mi Gi Ti Pi Ei",
        },
        {"type": "number", "minimum": 0},
    ],
}
_DURATION: Json = {
    "description": "A time with units: 90s, 15m, 2h30m, 7d",
    "type": "string",
    "pattern": r"^(?=[0-9])(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?$|^\+?[0-9]{1,12}$",
    "patternErrorMessage": "A time is a number of seconds, or numbers with the units d h m s: 90s, 2h30m, 7d",
}
_SIZE: Json = {
    "description": "4: four GPUs, one each · 2x4: replicas x GPUs each · A100:4: with a type · 0: CPU",
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 999_999_999},
        {
            "type": "string",
            "pattern": r"^(?:[A-Za-z][A-Za-z0-9.\-]*:)?(?:(?!0+x)[0-9]{1,9}x(?!0+$))?[0-9]{1,9}$",
            "patternErrorMessage": "A size is a number of GPUs, replicas x GPUs each, or TYPE:SIZE",
        },
    ],
}
_WORDS: dict[Any, Json] = {
    str: {"type": ["string", "number", "boolean"]},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    schema.Size: {"$ref": "#/$defs/size"},
}
_KINDS: dict[str, Json] = {
    "quantity": {"$ref": "#/$defs/quantity"},
    "duration": {"type": "integer"},
    "label": {"type": "string"},
}
_SHARED: dict[str, Json] = {
    "open": _OPEN,
    "defaults": _DEFAULTS,
    "quantity": _QUANTITY,
    "duration": _DURATION,
    "size": _SIZE,
}


def make_schema(group: str | None = None) -> Json:
    """The JSON Schema of config files.

    Args:
        group: The group whose option files it describes, e.g. `train` or `train/optimizer`. None for
            `config.yaml` and every other file whose package is `_global_`; so it is for a group that is no
            section of the config, like `experiment`.
    """
    field = fields.ROOT if group is None else fields.at(tuple(group.split("/")))
    is_section = field is not None and (field.is_map or field.is_any or field.dataclass is not None)
    root = field if field is not None and is_section else fields.ROOT
    sections: dict[str, Json] = {}
    body = _section(root, sections)
    return {
        "$schema": DIALECT,
        "title": "tfjob-kit: " + (f"an option of {group}" if group else "config.yaml"),
        **body,
        "type": ["object", "null"],
        "properties": {"defaults": {"$ref": "#/$defs/defaults"}, **body.get("properties", {})},
        "$defs": {**_SHARED, **dict(sorted(sections.items()))},
    }


def _section(field: Field, sections: dict[str, Json]) -> Json:
    """What holds keys: a closed dataclass, a map, or what is open."""
    if field.is_any:
        return {}
    if field.is_map:
        return {"type": "object", "additionalProperties": _value(field.items, sections)}
    cls = cast("type[Any]", field.dataclass)
    defaults = cls()
    return {
        "description": " ".join((inspect.getdoc(cls) or "").split()),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            found.name: _described(
                field.keys[found.name], found.metadata, getattr(defaults, found.name), sections
            )
            for found in dataclasses.fields(cls)
        },
    }


def _described(field: Field, metadata: Mapping[str, Any], default: Any, sections: dict[str, Json]) -> Json:
    """The schema of one key with what its declaration says of it."""
    parts: Json = {"description": metadata.get("doc", ""), **_value(field, sections)}
    return parts if field.dataclass is not None else {**parts, "default": plain.to_plain(default)}


def _value(field: Field, sections: dict[str, Json]) -> Json:
    """What may stand in one place."""
    if field.is_any:
        return {}
    either = [_bare(field, sections)]
    if _kind(field) == "duration":
        either.append({"$ref": "#/$defs/duration"})
    if field.optional:
        either.append({"type": "null"})
    return {"anyOf": [*either, {"$ref": "#/$defs/open"}]}


def _bare(field: Field, sections: dict[str, Json]) -> Json:
    if field.is_list:
        return {"type": "array", "items": _value(field.items, sections)}
    if field.is_map:
        return _section(field, sections)
    if field.dataclass is not None:
        name = field.dataclass.__name__.removesuffix("Config")
        if name not in sections:
            sections[name] = {}
            sections[name] = _section(field, sections)
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(field.type, enum.EnumMeta):
        return {"enum": [member.value for member in cast("type[enum.Enum]", field.type)]}
    kind = _kind(field)
    bare = _KINDS[kind] if kind is not None else _WORDS[field.type]
    bounds = {"minimum": field.minimum, "maximum": field.maximum}
    return {**bare, **{name: bound for name, bound in bounds.items() if bound is not None}}


def _kind(field: Field) -> str | None:
    """The name of the field's Kind: what an annotation says of a text or a number."""
    kinds = [each.name for each in get_args(field.type)[1:] if isinstance(each, schema.Kind)]
    return kinds[0] if kinds else None
