"""What a reconcile asks its engine to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tfjob_kit.cluster.port import Object


@dataclass(frozen=True, kw_only=True)
class CreatePod:
    """Make the pod of this replica with `build_pod`.

    Attributes:
        role: As tfReplicaSpecs spells it by the operator's defaults: Chief, Worker, ...
    """

    role: str
    index: int


@dataclass(frozen=True, kw_only=True)
class DeletePod:
    """End the pod (SIGTERM, grace period) and remove it."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Emit:
    """Record an event about the job.

    Attributes:
        occurrence: The same occurrence of the same event is recorded once, however often it is emitted;
            empty: every emission counts.
    """

    type: Literal["Normal", "Warning"]
    reason: str
    message: str
    occurrence: str = ""


@dataclass(frozen=True, kw_only=True)
class DeleteJob:
    """Remove the job and all that belongs to it: its time to live is over."""


Action = CreatePod | DeletePod | Emit | DeleteJob


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What follows from one look at a job.

    Attributes:
        status: The job's new status, whole.
        actions: In the order in which they are to be done, the status stored first.
        wake_at: Look again then, even if nothing has changed: deadline or time to live.
    """

    status: Object
    actions: tuple[Action, ...] = field(default=())
    wake_at: datetime | None = None
