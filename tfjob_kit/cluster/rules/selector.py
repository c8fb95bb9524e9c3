"""Label selectors, equality terms only."""

from __future__ import annotations

import re

from tfjob_kit import errors
from tfjob_kit.cluster.port import Object

__all__ = ["matches", "parse_selector"]

_TERM = re.compile(r"\s*(?P<key>[A-Za-z0-9][\w./\-]*)\s*(?P<sign>==|!=|=)\s*(?P<value>[\w.\-]*)\s*", re.ASCII)


def parse_selector(text: str | None) -> tuple[tuple[str, str, bool], ...]:
    """Terms as key, value, whether they must be equal; none for None or an empty text.

    Raises:
        ClusterError: A term that is no equality.
    """
    terms: list[tuple[str, str, bool]] = []
    for part in (text or "").split(",") if (text or "").strip() else ():
        match = _TERM.fullmatch(part)
        if match is None:
            raise errors.ClusterError(
                f"`{part}` is not a term of a selector",
                status=400,
                where=text,
                hint="write `key=value,key2!=value2`",
            )
        terms.append((match["key"], match["value"], match["sign"] != "!="))
    return tuple(terms)


def matches(thing: Object, selector: tuple[tuple[str, str, bool], ...]) -> bool:
    """Whether the object's labels satisfy all terms; a missing label is unequal to every value."""
    labels: Object = thing["metadata"].get("labels") or {}
    return all((labels.get(key) == value) == equal for key, value, equal in selector)
