"""Interpolations of the Hydra tree: which keys a text refers to, and the text with these renamed.

Owns finding `${key}`, `${.key}` and `${resolver:...}`. Must not know where a key lies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tfjob_kit.config.grammar.keys import Path, format_path

__all__ = ["Reference", "find_references", "rename"]

BUILT_IN = frozenset(
    {"oc.env", "oc.select", "oc.decode", "oc.create", "oc.deprecated", "oc.dict.keys", "oc.dict.values"}
)
"""Resolvers that OmegaConf 2.4 brings; `oc.select` and `oc.dict.*` name a key as their first argument."""

_OPENING = re.compile(r"(?P<escape>\\*)\$\{\s*")
_RESOLVER = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*:\s*")
_KEY = re.compile(r"(?P<dots>\.*)(?P<key>[A-Za-z0-9_\-/@.\[\]]*)\s*(?=\}|,|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One `${...}` of a text.

    Attributes:
        kind: `key` names another value, `resolver` a function that is not built in, `unclear` a key that is
            only known at run time.
        name: The function, or the text of the key.
        path: The key from the root of the config; empty for other kinds.
        start: Where the text of the key begins.
        end: Behind it.
    """

    kind: Literal["key", "resolver", "unclear"]
    name: str
    path: Path = ()
    start: int = 0
    end: int = 0


def find_references(text: str, at: Path) -> Iterator[Reference]:
    """The references of a text, nested ones included.

    Args:
        text: A value.
        at: Its own path, from which relative keys count.
    """
    for opening in _OPENING.finditer(text):
        if len(opening["escape"]) % 2:
            continue
        start = opening.end()
        resolver = _RESOLVER.match(text, start)
        if resolver is not None:
            if resolver["name"] not in BUILT_IN:
                yield Reference(kind="resolver", name=resolver["name"])
                continue
            if resolver["name"] not in ("oc.select", "oc.dict.keys", "oc.dict.values"):
                continue
            start = resolver.end()
        key = _KEY.match(text, start)
        if key is None or not (key["key"] or key["dots"]):
            yield Reference(kind="unclear", name=text[opening.start() :])
            continue
        path = _path(key["dots"], key["key"], at)
        yield Reference(
            kind="key", name=key[0].strip(), path=path, start=start, end=start + len(key[0].rstrip())
        )


def rename(text: str, at: Path, new_path: Callable[[Path], Path | None]) -> str:
    """The text with each key that lies elsewhere now written from the root.

    Args:
        text: A value.
        at: Its path in Hydra's config.
        new_path: Where a key lies now; None where it is not known.
    """
    for found in reversed(list(find_references(text, at))):
        moved = new_path(found.path) if found.kind == "key" else None
        if moved is not None and (moved != found.path or found.name.startswith(".")):
            text = text[: found.start] + format_path(moved) + text[found.end :]
    return text


def _path(dots: str, key: str, at: Path) -> Path:
    names = tuple(part for part in re.split(r"[.\[\]]+", key) if part)
    above = at[: len(at) - len(dots)] if dots else ()
    return (*above, *names)
