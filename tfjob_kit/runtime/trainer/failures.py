"""What an exception means for the replica: exit code, words, place.

Owns the one mapping from exceptions to ReplicaExit. TensorFlow's classes are compared by name, so that errors
before its import are mapped the same way.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import ClassVar

from tfjob_kit import contract, errors
from tfjob_kit.runtime import reports
from tfjob_kit.runtime.data import source

__all__ = ["CheckpointMismatch", "GpuCheckError", "NotFinite", "StopRequested", "explain"]


class GpuCheckError(errors.TfjobKitError):
    """TensorFlow does not see the GPUs that the replica was given, or cannot divide their memory."""


class CheckpointMismatch(errors.ConfigError):
    """The newest checkpoint belongs to another model or another course of training."""


class NotFinite(errors.TfjobKitError):
    """The loss became NaN or infinite.

    Attributes:
        step: First step with such a loss.
    """

    def __init__(self, message: str, *, step: int, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.step = step


class StopRequested(Exception):
    """The replicas have agreed to stop and have saved.

    Attributes:
        step: Step of the checkpoint.
    """

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped on request after step {step}; saved")
        self.step = step


_RETRYABLE = ("UnavailableError", "DeadlineExceededError", "AbortedError", "CancelledError")
"""How a lost or frozen peer shows itself in the others (TensorFlow 2.21)."""

_OUT_OF_MEMORY = ("ResourceExhaustedError", "MemoryError")

_CODES: tuple[tuple[type[BaseException], contract.ReplicaExit], ...] = (
    (GpuCheckError, contract.ReplicaExit.GPU_CHECK),
    (source.DataError, contract.ReplicaExit.BAD_DATA),
    (errors.ConfigError, contract.ReplicaExit.BAD_CONFIG),
    (errors.ModelError, contract.ReplicaExit.BAD_CONFIG),
    (StopRequested, contract.ReplicaExit.RETRY),
)


class _Hints:
    lost_peer: ClassVar[str] = "another replica went away; training goes on from the last checkpoint"
    memory: ClassVar[str] = "lower train.global_batch_size, use more replicas, or give each more memory"
    install: ClassVar[str] = "pip install 'tfjob-kit[train]'"


def explain(
    error: BaseException, *, phase: str, model_file: Path | None = None, step: int | None = None
) -> reports.Failed:
    """The report of a trainer that ends with this exception.

    Args:
        error: What was raised.
        phase: What the trainer was doing, for errors that have no better place.
        model_file: The user's model file; an error raised through it is shown at its line there.
        step: Last finished step.
    """
    where = getattr(error, "where", None) or _line_of(error, model_file) or phase
    return reports.Failed(
        exit_code=int(_exit_code(error)),
        error=f"{type(error).__name__}: {_one_line(error)}",
        where=where,
        hint=getattr(error, "hint", None) or _hint(error),
        step=getattr(error, "step", step),
    )


def _exit_code(error: BaseException) -> contract.ReplicaExit:
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    if any(cls.__name__ in _RETRYABLE for cls in type(error).__mro__):
        return contract.ReplicaExit.RETRY
    return contract.ReplicaExit.ERROR


def _hint(error: BaseException) -> str | None:
    names = [cls.__name__ for cls in type(error).__mro__]
    if any(name in _RETRYABLE for name in names):
        return _Hints.lost_peer
    if any(name in _OUT_OF_MEMORY for name in names):
        return _Hints.memory
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return _Hints.install if missing in ("tensorflow", "keras", "yaml") else None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no message"


def _line_of(error: BaseException, model_file: Path | None) -> str | None:
    if model_file is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(model_file)]
    return f"{model_file}:{lines[-1]}" if lines else None
