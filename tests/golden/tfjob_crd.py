"""The TFJob CRD as a JSON Schema, as strict as an API server under `fieldValidation=Strict`.

Unknown fields are refused instead of pruned, integers have their width, and items of `list-type: map` keys of
their own. What an API server checks beyond the schema, tests/cluster/test_manifests_conform.py asks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

_WIDTHS = {"int32": 2**31, "int64": 2**63}
_METADATA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["name", "namespace"],
}
"""A CRD leaves the object's own metadata to the API server; this is what the kit writes there."""


def make_validator(crd: Path) -> jsonschema.Validator:
    """The schema of v1 out of the operator's CRD file."""
    document = yaml.load(crd.read_text(), Loader=yaml.CSafeLoader)
    (version,) = (each for each in document["spec"]["versions"] if each["name"] == "v1")
    schema = version["schema"]["openAPIV3Schema"]
    schema = {
        **schema,
        "properties": schema["properties"] | {"metadata": _METADATA},
        "required": ["apiVersion", "kind", "metadata", "spec"],
    }
    strict = jsonschema.validators.extend(
        jsonschema.Draft202012Validator, {"x-kubernetes-list-map-keys": _own_keys, "format": _width}
    )
    return strict(_closed(schema))


def faults(validator: jsonschema.Validator, manifest: dict[str, Any]) -> list[str]:
    """`path: what is wrong`, sorted."""
    return sorted(f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest))


def _closed(schema: Any) -> Any:
    """The schema where objects have no fields but those it names."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if schema.get("type") == "object" and not is_open:
        closed["additionalProperties"] = False
    return closed


def _own_keys(
    _: jsonschema.Validator, keys: list[str], items: Any, schema: dict[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(items, list):
        return
    defaults = {key: schema["items"]["properties"][key].get("default") for key in keys}
    seen: list[tuple[Any, ...]] = []
    for item in items:
        key = tuple((defaults | item)[name] for name in keys) if isinstance(item, dict) else (item,)
        if key in seen:
            yield jsonschema.ValidationError(f"{', '.join(map(str, key))} stands twice")
        seen.append(key)


def _width(
    _: jsonschema.Validator, name: str, value: Any, __: dict[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    limit = _WIDTHS.get(name)
    if limit and isinstance(value, int) and not -limit <= value < limit:
        yield jsonschema.ValidationError(f"{value} is no {name}")
