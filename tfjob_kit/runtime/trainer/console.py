"""What the trainer prints: whole lines, at once, so that those of several replicas never mix."""

from __future__ import annotations

import sys

__all__ = ["complain", "say"]


def say(text: str) -> None:
    """One line on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
