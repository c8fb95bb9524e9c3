"""The place of a config key in an error that was raised about it where nobody knows places.

Plans and manifests name a key: `volumes.data.claim`. People look for the line of the file, or for the
override, that says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.config.grammar.keys import Path, format_path, parse_path
from tfjob_kit.config.typed import fields

if TYPE_CHECKING:
    from tfjob_kit.config.tree import Source

__all__ = ["locate"]

_NAMED = re.compile(r"`(?P<key>[a-z_]+(?:\.[A-Za-z0-9_-]+)+)`")
_SITE = "site."


def locate(error: errors.TfjobKitError, sources: Mapping[str, Source]) -> None:
    """Writes into the error where its key has its value from, and in which file a key of its hint stands.

    Args:
        error: Whose `where` is a key; any other stays as it is.
        sources: Of `Composed`.
    """
    if error.hint:
        error.hint = _NAMED.sub(lambda match: match[0] + _file_of(match["key"], sources), error.hint)
    key = error.where
    if not key or error.source:
        return
    source = _source(key, sources)
    if source is None:
        return
    says_it = source.kind == "override" and (source.raw or "").lstrip("+").startswith(f"{key}=")
    error.where = source.where_value if says_it else f"{key}, {source.where_value}"
    error.source = source.under_value() if sources.get(key) is source else None


def _source(key: str, sources: Mapping[str, Source]) -> Source | None:
    """Of the key; of the first thing said below it; of its volume, type or other named section."""
    if key in sources and sources[key].kind != "default":
        return sources[key]
    below = _first_below(key, sources)
    if below is not None:
        return below
    section = _named_section(key)
    return None if section is None else _first_below(section, sources)


def _first_below(key: str, sources: Mapping[str, Source]) -> Source | None:
    starts = (f"{key}.", f"{key}[")
    said = (s for name, s in sources.items() if name.startswith(starts) and s.kind != "default")
    return next(said, None)


def _named_section(key: str) -> str | None:
    """The section with a name of the user's own that holds the key: `volumes.data` of `volumes.data.nfs`."""
    try:
        path: Path = parse_path(key)
    except errors.OverrideError:
        return None
    for length in range(len(path) - 1, 1, -1):
        holder = fields.at(path[: length - 1])
        if holder is not None and holder.is_map:
            return format_path(path[:length])
    return None


def _file_of(key: str, sources: Mapping[str, Source]) -> str:
    source = _source(key, sources)
    if source is not None and source.kind == "file":
        return f" ({source.place})"
    if source is None and key.startswith(_SITE):
        files = (s.path for name, s in sources.items() if name.startswith(_SITE) and s.kind == "file")
        path = next(files, None)
        return f" ({path})" if path else ""
    return ""
