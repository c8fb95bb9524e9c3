"""A RunConfig as readable YAML or JSON, with the source of each value where asked.

Owns what is shown of a config. The YAML reads back the same by YAML 1.1 loaders and by composition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, cast

from tfjob_kit.config import composition, excerpt, plain, schema, yaml_text
from tfjob_kit.config.grammar import interpolations, words
from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.tree.source import Source

_COMMENT_COLUMN = 44


def to_yaml(config: schema.RunConfig) -> str:
    """YAML that `config.plain.from_plain(yaml.safe_load(...))` reads back as the same config.

    Keys that say nothing (null or empty by default, and not set) are left out.
    """
    return "".join(f"{line}\n" for line, _ in yaml_text.block_lines(plain.without_unset(config), (), 0))


def show(
    composed: composition.Composed,
    *,
    key: str | None = None,
    format: Literal["yaml", "json"] = "yaml",
    sources: bool = False,
) -> str:
    """The composed config for people or programs.

    Args:
        composed: What to show.
        key: Only what lies under it: a section as the body of an option file has it, a single value bare.
        format: YAML composes back to the same config.
        sources: In YAML as comments; in JSON as `{"config": ..., "sources": {key: {kind, text, ...}}}`.

    Raises:
        UnknownChoice: No such key, or nothing set under it.
        OverrideError: The key cannot be read.
    """
    path = () if key is None else excerpt.find_path(key, composed.config)
    data = excerpt.value_at(plain.to_plain(composed.config), path)
    if format == "yaml":
        return _with_comments(_escaped(data), path, composed.sources if sources else {})
    if sources:
        found = excerpt.sources_at(composed.sources, path)
        data = {"config": data, "sources": {k: _source_data(s) for k, s in found.items()}}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _source_data(source: Source) -> dict[str, Any]:
    parts = {f.name: getattr(source, f.name) for f in fields(source) if f.compare}
    data = {key: value for key, value in parts.items() if value is not None}
    return {**data, "text": source.text}


def _with_comments(data: Any, under: Path, sources: Mapping[str, Source]) -> str:
    shown: list[str] = []
    is_single = not (isinstance(data, (dict, list)) and data)
    for line, path in (
        [(yaml_text.scalar(data), under)] if is_single else yaml_text.block_lines(data, under, 0)
    ):
        source = sources.get(format_path(path))
        text = "" if source is None else f"  # {words.printable(source.text)}"
        column = 0 if is_single else _COMMENT_COLUMN
        shown.append(f"{line:{column}}{text}\n" if text else f"{line}\n")
    return "".join(shown)


def _escaped(value: Any) -> Any:
    """The data with literal `${` written so that composition keeps it as text."""
    if isinstance(value, str):
        return interpolations.escape(value)
    if isinstance(value, dict):
        return {k: _escaped(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_escaped(v) for v in cast("list[Any]", value)]
    return value
