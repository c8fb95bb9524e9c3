"""What a trainer tells its agent: one JSON object per line on a pipe.

The agent turns these into watchdog deadlines, /metrics, the termination message and its decision after
the trainer's end. Every line is one of the classes below with its fields and `"report": <class name>`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class StrategyReady:
    """The strategy's constructor has returned: from now on SIGTERM is heard by the trainer.

    Attributes:
        devices: Devices of the whole job that train.
    """

    devices: int


@dataclass(frozen=True, kw_only=True)
class Restored:
    """Training begins after this step; 0 when there was no checkpoint."""

    step: int


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """A call of the compiled loop has returned.

    Attributes:
        step: Steps done so far.
        values: The gauges of this moment (loss, examples_per_second, step_seconds, ...).
    """

    step: int
    values: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A checkpoint of this step is on disk."""

    step: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Done:
    """All steps are done, the last checkpoint and the final evaluation too."""

    step: int
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The trainer is about to leave with `exit_code` (contract.ReplicaExit)."""

    exit_code: int
    error: str
    where: str
    hint: str | None = None
    step: int | None = None


Report = StrategyReady | Restored | Stepped | Saved | Done | Failed
_CLASSES = {cls.__name__: cls for cls in (StrategyReady, Restored, Stepped, Saved, Done, Failed)}


def encode(report: Report) -> bytes:
    """The report as one line."""
    return (json.dumps({"report": type(report).__name__, **asdict(report)}) + "\n").encode()


def decode(line: bytes) -> Report:
    """The report of one line; ValueError when it is none."""
    data: dict[str, Any] = json.loads(line)
    return _CLASSES[data.pop("report")](**data)
