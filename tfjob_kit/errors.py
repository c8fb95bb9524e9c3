"""The whole error tree: message, hint, exit code.

Owns what a user is told when something is wrong. Every error carries its parts as fields, so that the
terminal, JSON and web pages render the same error. Must not know any room: rooms raise these errors,
`cli` alone catches them.

    TfjobKitError             1   (never raised itself; 1 is reserved for faults of the tool)
      UsageError              2   flags and arguments of the command line
      ConfigError             2   OverrideError  UnknownChoice  MissingValue  InvalidValue
      ModelError              2   model or data file missing, wrong signature
      RefusedError            3   lint, cannot fit, declined
      ClusterError            4   NotConnected  NotAllowed  JobExists  CrdMissing
        JobNotFound         102
      JobFailed             100
      JobUnfinished         101
      JobCancelled          103
      WaitTimeout           124
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "ClusterError",
    "ConfigError",
    "CrdMissing",
    "InvalidValue",
    "JobCancelled",
    "JobExists",
    "JobFailed",
    "JobNotFound",
    "JobUnfinished",
    "MissingValue",
    "ModelError",
    "NotAllowed",
    "NotConnected",
    "OverrideError",
    "RefusedError",
    "TfjobKitError",
    "UnknownChoice",
    "UsageError",
    "WaitTimeout",
]


class TfjobKitError(Exception):
    """An error that a user can act on.

    Attributes:
        message: One sentence: what was wrong, with the value given. No full stop at the end.
        hint: The way out, ready to paste where possible; may be several lines.
        where: `file:line:column`, the override's text with its position, or the object's name.
        nearest: Valid names close to what was written, nearest first.
        source: A line of source with a caret line under it, shown between message and hint.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        where: str | None = None,
        nearest: tuple[str, ...] = (),
        source: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        self.nearest = nearest
        self.source = source

    def as_dict(self) -> dict[str, Any]:
        """The error as plain JSON data, for `-o json`."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "where": self.where,
            "nearest": list(self.nearest),
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


class UsageError(TfjobKitError):
    """The command line cannot be read: unknown verb, unknown flag, a flag's value out of its choices."""

    exit_code = 2


class ConfigError(TfjobKitError):
    """The config files or overrides do not make a run."""

    exit_code = 2


class OverrideError(ConfigError):
    """An override cannot be read, or asks for what the grammar has not."""


class UnknownChoice(ConfigError):
    """A key, group or option that does not exist; `nearest` names those that do."""


class MissingValue(ConfigError):
    """Values that must be given (`???`) were not."""


class InvalidValue(ConfigError):
    """A value of the wrong type or outside its bounds."""


class ModelError(TfjobKitError):
    """A model or data file is missing or has the wrong functions."""

    exit_code = 2


class RefusedError(TfjobKitError):
    """The plan cannot work, so nothing was submitted."""

    exit_code = 3


class ClusterError(TfjobKitError):
    """An engine could not do what was asked.

    Attributes:
        status: HTTP status of the API server, or its nearest meaning on other engines; 0 if none.
        retryable: True when the same call may succeed later without any change.
    """

    exit_code = 4

    def __init__(self, message: str, *, status: int = 0, retryable: bool = False, **parts: Any) -> None:
        super().__init__(message, **parts)
        self.status = status
        self.retryable = retryable

    @property
    def is_absent(self) -> bool:
        """Whether what was asked for is not there (any more)."""
        return self.status == 404


class NotConnected(ClusterError):
    """The API server, or the local state directory, cannot be reached."""


class NotAllowed(ClusterError):
    """The caller may not do this here."""


class JobExists(ClusterError):
    """Another job of that name is there.

    Attributes:
        existing: That job as the engine has it; None when it could not be read.
    """

    def __init__(self, message: str, *, existing: dict[str, Any] | None = None, **parts: Any) -> None:
        super().__init__(message, **parts)
        self.existing = existing


class CrdMissing(ClusterError):
    """The cluster does not know TFJobs."""


class JobNotFound(ClusterError):
    """No job of that name."""

    exit_code = 102


class JobFailed(TfjobKitError):
    """The job ended Failed."""

    exit_code = 100


class JobUnfinished(TfjobKitError):
    """The job has not finished and nobody asked to wait."""

    exit_code = 101


class JobCancelled(TfjobKitError):
    """The job was cancelled, deleted or suspended while waited for."""

    exit_code = 103


class WaitTimeout(TfjobKitError):
    """`--timeout` was reached; the job goes on."""

    exit_code = 124
