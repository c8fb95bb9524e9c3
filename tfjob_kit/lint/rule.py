"""What a rule is, what it finds, and the changes that put it right."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfjob_kit.lint.job import Job
from tfjob_kit.lint.part import Part, Path, format_path

if TYPE_CHECKING:
    from tfjob_kit.config import Source

__all__ = ["Edit", "Finding", "Hit", "Remove", "Rename", "Rule", "Set", "Severity"]


class Severity(enum.Enum):
    """How much it matters, worst first."""

    error = "error"
    """It cannot work, or loses the run."""
    warning = "warning"
    """It works, and will hurt."""
    info = "info"
    """Worth knowing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Set:
    """Writes a value; what is missing above it is made."""

    path: Path
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Remove:
    """Takes a key or an item away."""

    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Rename:
    """Gives a key another name, its value and place unchanged."""

    path: Path
    key: str


Edit = Set | Remove | Rename


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule does not hold.

    Attributes:
        place: The value that is wrong; where it is missing, the place at which it should stand.
        message: One sentence, no full stop at the end.
        fix: What to write; None: the rule's own fix.
        key_fix: The same in config keys.
        edits: The mechanical fix of this place; empty when there is none.
    """

    place: Part
    message: str
    fix: str | None = None
    key_fix: str | None = None
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: Stable, in kebab case.
        title: What it is about, for lists of rules.
        check: The places of a job where it does not hold. Never raises.
        fix: What to write instead, in words of the manifest.
        key_fix: The same for a job made from a config, in config keys; None: such a job is fixed by an
            overlay, or cannot have it.
        source: Where the fact comes from.
        good, bad: What turns `examples.SOUND_JOB` into a job without and with it: path -> value.
    """

    id: str
    severity: Severity
    title: str
    check: Callable[[Job], Iterator[Hit]]
    fix: str
    source: str
    good: Mapping[str, Any]
    bad: Mapping[str, Any]
    key_fix: str | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One mistake in one job.

    Attributes:
        rule: Id of the rule.
        path: Where in the document.
        what: One sentence, no full stop at the end.
        fix: What to write instead.
        key_fix: The same in config keys; None where there is none.
        edits: The mechanical fix; empty when there is none.
        key: Config key that it comes from; None for a job that no config made.
        source: Where that key has its value from; None as above, and for what the kit decides.
        ignored: The reason why it is suppressed; None when it is not.
    """

    rule: str
    severity: Severity
    path: Path
    what: str
    fix: str
    key_fix: str | None = None
    edits: tuple[Edit, ...] = ()
    key: str | None = None
    source: Source | None = None
    ignored: str | None = None

    @property
    def where(self) -> str:
        """The config key with its source; else the path in the document."""
        if self.key is None:
            return format_path(self.path)
        return f"{self.key} ({self.source.where})" if self.source else self.key

    @property
    def is_error(self) -> bool:
        """Whether it stops a submission."""
        return self.severity is Severity.error and self.ignored is None
