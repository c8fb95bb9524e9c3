"""The question before something is lost: asked on a terminal, never elsewhere."""

from __future__ import annotations

import sys

from tfjob_kit import errors
from tfjob_kit.cli import console

__all__ = ["confirm"]


def confirm(consequence: str, *, yes: bool, declined: str) -> None:
    """Goes on when the person agrees, or has with `--yes`.

    Args:
        consequence: What will be lost, a clause.
        yes: It has been agreed to.
        declined: What is said when it is not.

    Raises:
        RefusedError: They do not, or there is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise errors.RefusedError(consequence, hint="say so with --yes")
    console.say(consequence)
    console.ask("go on? [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise errors.RefusedError(declined)
