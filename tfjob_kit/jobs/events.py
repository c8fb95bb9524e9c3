"""What following a job yields, in order of happening; cli, JSON output and dashboard render these."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tfjob_kit.jobs.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """The engine has accepted the job."""

    job: str
    namespace: str
    engine: str


@dataclass(frozen=True, kw_only=True)
class StateChanged:
    """The job's state is another than before."""

    state: str
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReplicaChanged:
    """One replica's state, restarts or exit code changed.

    Attributes:
        replica: `chief-0`, `worker-1`.
    """

    replica: str
    state: str
    restarts: int = 0
    exit_code: int | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of one replica."""

    replica: str
    time: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The chief's progress line, parsed; the line itself comes as LogLine too."""

    replica: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that the user should know and that is no state: why a replica waits, a lost log stream."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The end: the last event of every stream that was not stopped from outside."""

    job: str
    state: str
    verdict: Verdict
    metrics: dict[str, float] = field(default_factory=dict[str, float])


Event = Submitted | StateChanged | ReplicaChanged | LogLine | Progress | Notice | Finished


def event_dict(event: Event) -> dict[str, Any]:
    """The event as one JSON object: `{"event": "state_changed", ...}` with the fields as they are named."""
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(event).__name__).lstrip("_")
    return {"event": name, **asdict(event)}
