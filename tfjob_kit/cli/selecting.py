"""Which jobs are meant: by state and by label."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from tfjob_kit import errors

__all__ = ["STATES", "check_selector", "parse_states"]

STATES = ("Pending", "Created", "Running", "Restarting", "Suspended", "Succeeded", "Failed")
_TERM = re.compile(r"\s*[A-Za-z0-9][\w./-]*\s*(?:==|!=|=)\s*[\w.-]*\s*", re.ASCII)


def parse_states(given: Sequence[str] | None) -> frozenset[str]:
    """The states that `--state` names, each time one or several with commas between; case does not matter.

    Raises:
        UsageError: One that no job can be in.
    """
    known = {state.lower(): state for state in STATES}
    words = [word.strip() for text in given or () for word in text.split(",")]
    for word in words:
        if word.lower() not in known:
            raise errors.UsageError(
                f"`--state`: no job is ever `{word}`",
                nearest=tuple(known[s] for s in difflib.get_close_matches(word.lower(), known, n=1)),
                hint=f"states: {', '.join(STATES)}",
            )
    return frozenset(known[word.lower()] for word in words)


def check_selector(label: str | None) -> str | None:
    """The selector as it was given.

    Raises:
        UsageError: It is not of the form that every engine understands.
    """
    if label is None:
        return None
    for term in label.split(","):
        if not _TERM.fullmatch(term):
            raise errors.UsageError(
                f"`--label`: `{term}` is not a label", where=label, hint="write `key=value,key2!=value2`"
            )
    return label
