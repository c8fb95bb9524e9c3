"""A RunConfig as readable YAML or JSON, with the source of each value where asked.

Owns the writing. The YAML reads back the same by YAML 1.1 loaders and by composition; text that either would
take for something else is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Literal, cast

from tfjob_kit.config import composition, excerpt, plain, schema
from tfjob_kit.config.grammar import interpolations, words
from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.tree.source import Source

_NAME = r"[A-Za-z_/](?:[A-Za-z0-9_/.@%+=:,-]|(?<=[A-Za-z0-9]) (?=[A-Za-z0-9]))*(?<!:)"
_AMOUNT = r"[1-9][0-9]*(?:[A-Zkmu]i?|x[1-9][0-9]*)"
_PLAIN_TEXT = re.compile(f"{_NAME}|{_AMOUNT}")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"})
_COMMENT_COLUMN = 44


def to_yaml(config: schema.RunConfig) -> str:
    """YAML that `config.plain.from_plain(yaml.safe_load(...))` reads back as the same config.

    Keys that say nothing (null or empty by default, and not set) are left out.
    """
    return "".join(f"{line}\n" for line, _ in _lines(plain.without_unset(config), (), 0))


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
    for line, path in [(_scalar(data), under)] if is_single else _lines(data, under, 0):
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


def _lines(value: Any, path: Path, indent: int) -> Iterator[tuple[str, Path]]:
    """Lines of block YAML with the path of the leaf on each."""
    pad = "  " * indent
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _entry(f"{pad}{_text(key)}:", item, (*path, key), indent + 1)
    else:
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _entry(f"{pad}-", item, (*path, index), indent + 1)


def _entry(head: str, value: Any, path: Path, indent: int) -> Iterator[tuple[str, Path]]:
    if isinstance(value, (dict, list)) and value:
        yield head, path
        yield from _lines(value, path, indent)
    else:
        yield f"{head} {_scalar(value)}", path


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)


def _number(value: float) -> str:
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    mantissa, e, exponent = repr(value).partition("e")
    return mantissa + ("" if "." in mantissa or not e else ".0") + e + exponent


def _text(value: str) -> str:
    if _PLAIN_TEXT.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return '"' + "".join(map(_escape, value)) + '"'


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable() and char != "\ufeff":
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
