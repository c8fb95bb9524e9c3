"""What a misspelt value or rule means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from tfjob_kit import errors
from tfjob_kit.config.nearest import nearest

__all__ = ["nearest_value", "unknown_rule"]


def nearest_value(text: str, values: Sequence[str]) -> str | None:
    """The value that the text is but for case and punctuation; else one very close to it; else None."""
    plain = {_plain(value): value for value in values if value}
    if (found := plain.get(_plain(text))) is not None:
        return found
    near = difflib.get_close_matches(_plain(text), plain, n=1, cutoff=0.8)
    return plain[near[0]] if near else None


def unknown_rule(rule: str, rules: Iterable[str], *, where: str, source: str | None) -> errors.UnknownChoice:
    """The error for a suppression of a rule that the lint has not.

    Args:
        rule: As written.
        rules: Those there are.
        where: Its place.
        source: The line, with a caret; None where there is none to show.
    """
    near = nearest(rule, rules)
    return errors.UnknownChoice(
        f"the lint has no rule `{rule}`",
        where=where,
        source=source,
        nearest=near,
        hint=f"did you mean `{near[0]}`?" if near else "the docs list them under Lint rules",
    )


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
