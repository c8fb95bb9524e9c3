"""One toleration, as Kubernetes writes it, checked as Kubernetes does.

Source: kubernetes v1.36 pkg/apis/core/validation, ValidateTolerations.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from tfjob_kit import errors
from tfjob_kit.plan import references

__all__ = ["check_toleration"]

_FIELDS = ("key", "operator", "value", "effect", "tolerationSeconds")
_OPERATORS = ("Equal", "Exists")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def check_toleration(toleration: Mapping[str, Any], *, where: str) -> None:
    """Refuses a toleration that no pod may have.

    Raises:
        InvalidValue: A field that there is not, a value that it cannot have, or fields that exclude others.
    """
    for field in toleration:
        if field not in _FIELDS:
            raise errors.InvalidValue(
                f"a toleration has no `{field}`",
                where=where,
                nearest=tuple(difflib.get_close_matches(field, _FIELDS, n=1)),
                hint=f"its fields are {', '.join(_FIELDS)}",
            )
    _check_word(toleration, "operator", _OPERATORS, where=where)
    _check_word(toleration, "effect", _EFFECTS, where=where)
    key, has_value = str(toleration.get("key") or ""), bool(toleration.get("value"))
    if key:
        references.check_label_key(key, where=where)
    if not key and toleration.get("operator") != "Exists":
        raise errors.InvalidValue(
            "a toleration without `key` is for every taint and needs `operator: Exists`",
            where=where,
            hint="name the taint's key, or write `{operator: Exists}`",
        )
    if has_value and toleration.get("operator") == "Exists":
        raise errors.InvalidValue(
            f"`operator: Exists` takes any value, not `{toleration['value']}`",
            where=where,
            hint="drop `value`, or write `operator: Equal`",
        )
    _check_scalars(toleration, where=where)


def _check_word(toleration: Mapping[str, Any], field: str, words: tuple[str, ...], *, where: str) -> None:
    given = toleration.get(field)
    if given in (None, "", *words):
        return
    raise errors.InvalidValue(
        f"`{given}` is no {field} of a toleration",
        where=where,
        nearest=tuple(difflib.get_close_matches(str(given), words, n=1)),
        hint=f"write one of {', '.join(words)}",
    )


def _check_scalars(toleration: Mapping[str, Any], *, where: str) -> None:
    for field in ("key", "value"):
        given = toleration.get(field)
        if given is not None and not isinstance(given, str):
            raise errors.InvalidValue(
                f"`{field}` of a toleration is text, not `{given}`",
                where=where,
                hint=f'write `{field}: "{given}"`',
            )
    seconds = toleration.get("tolerationSeconds")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int)):
        raise errors.InvalidValue(f"`tolerationSeconds` is a whole number, not `{seconds}`", where=where)
    if seconds is not None and toleration.get("effect") != "NoExecute":
        raise errors.InvalidValue(
            "`tolerationSeconds` goes with `effect: NoExecute` alone", where=where, hint="drop it"
        )
