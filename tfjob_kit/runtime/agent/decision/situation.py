"""What an agent knows, what can happen to it, and what it can do: the values of `decision`.

Owns the nouns alone. Times are seconds of one monotonic clock of this machine. Must not know sockets,
processes or clocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfjob_kit import contract
from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent.announcement import Announcement, Phase

__all__ = [
    "Action",
    "AskTrainerToStop",
    "Ended",
    "Event",
    "Heard",
    "KeepCount",
    "KillTrainer",
    "Leave",
    "Limits",
    "Lost",
    "Mismatched",
    "Peer",
    "Reported",
    "Say",
    "Situation",
    "StartTrainer",
    "StopAsked",
    "Tick",
    "Trainer",
    "Unreachable",
]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long an agent waits for what, in seconds, and how often it tries.

    Attributes:
        start: For all peers at the barrier, and for a trainer until its strategy stands.
        stall: For the next report of a training trainer.
        stop: For the save after SIGTERM.
        silence: For the next line of a peer.
        restarts: Restarts in a row from the same checkpoint.
        missing: Between two sentences about missing peers.
        failed: A replica stays so long after the permanent failure of another, for the operator to remove it.
            On its own end at that moment the operator would see a retryable and a permanent exit in one
            reconcile, and leave the job both Restarting and Failed (training-operator v1.9.4).
        farewell: For peers to end as well after the chief has finished.
        told: For peers to hear that this replica has failed, and to act on it.
    """

    start: float
    stall: float
    stop: float
    restarts: int
    silence: float = 2.5
    missing: float = 15.0
    failed: float = 20.0
    farewell: float = 10.0
    told: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Peer:
    """What is known of another agent.

    Attributes:
        address: Where it listens, for messages.
        announcement: Its last one; None before the first.
        heard: When that was.
        connected: It has an open connection to this agent and is not silent.
        why: Why this agent could not reach it at the last try.
        finished: It has announced `done` in the present attempt, so its end is no loss.
    """

    address: str = ""
    announcement: Announcement | None = None
    heard: float = 0.0
    connected: bool = False
    why: str = "not tried yet"
    finished: bool = False


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """The trainer that runs.

    Attributes:
        started: When it was started.
        active: When its last report came.
        ready: Its strategy stands, so it hears SIGTERM.
        restored: Step that it began with.
        stepped: The first call of its loop has returned; that one compiles.
        killed: SIGKILL was sent.
    """

    started: float
    active: float
    ready: bool = False
    restored: int | None = None
    stepped: bool = False
    done: reports.Done | None = None
    failed: reports.Failed | None = None
    killed: bool = False


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All that decisions of one agent rest on.

    Attributes:
        name: This replica's.
        chief: Name of the replica of rank 0, whose end is the job's.
        since: When the phase began.
        named: When missing peers were last named.
        ticked: When the last Tick came.
        members: Incarnations of the peers that the present trainer trains with.
        saved: Step of the newest checkpoint known of; None before the first.
        starts: Trainers started by this agent.
        in_a_row: Restarts since the last new checkpoint; -1 before the first start. The chief's counts.
        reason: Why the present attempt is not the first.
        cause: The last reason of this chief's predecessor, whose pod is gone.
        outcome: How this replica ends, once that is settled.
        leave_at: When it leaves at the latest.
    """

    name: str
    chief: str
    incarnation: str
    limits: Limits
    peers: Mapping[str, Peer] = field(default_factory=dict[str, Peer])
    attempt: int = 0
    phase: Phase = Phase.gathering
    since: float = 0.0
    named: float = 0.0
    ticked: float = 0.0
    group: str | None = None
    members: Mapping[str, str] = field(default_factory=dict[str, str])
    trainer: Trainer | None = None
    starts: int = 0
    in_a_row: int = -1
    step: int | None = None
    saved: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    reason: str | None = None
    cause: str | None = None
    outcome: contract.Termination | None = None
    leave_at: float = 0.0

    @property
    def is_chief(self) -> bool:
        """This is the replica of rank 0."""
        return self.name == self.chief

    @property
    def restarts(self) -> int:
        """Trainer restarts that this agent survived."""
        return max(0, self.starts - 1)

    def announcement(self) -> Announcement:
        """What the peers are told."""
        return Announcement(
            incarnation=self.incarnation,
            phase=self.phase,
            attempt=self.attempt,
            group=self.group,
            reason=self.reason,
            exit_code=self.outcome.exit_code if self.outcome else 0,
            step=self.step,
        )


# --- what can happen -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A peer has announced its state."""

    peer: str
    announcement: Announcement


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A peer's connection to this agent is closed."""

    peer: str


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """This agent could not reach a peer, or was refused by it."""

    peer: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Mismatched:
    """A peer of the same run has another config or another version of the kit."""

    peer: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The trainer has said something."""

    report: reports.Report


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The trainer's process is gone.

    Attributes:
        code: Its exit code; 128 + n when signal n ended it.
        out_of_memory: Sentence with limit and peak when the kernel killed it for want of memory.
    """

    code: int
    out_of_memory: str | None = None


@dataclass(frozen=True, kw_only=True)
class StopAsked:
    """SIGTERM or Ctrl-C."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """Time has passed."""


Event = Heard | Lost | Unreachable | Mismatched | Reported | Ended | StopAsked | Tick


# --- what it can do ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StartTrainer:
    """Start a trainer; answered by Reported and, once, Ended."""

    attempt: int


@dataclass(frozen=True, kw_only=True)
class AskTrainerToStop:
    """SIGTERM to the trainer."""


@dataclass(frozen=True, kw_only=True)
class KillTrainer:
    """SIGKILL to the trainer; answered by Ended."""


@dataclass(frozen=True, kw_only=True)
class Say:
    """One sentence for the log."""

    text: str


@dataclass(frozen=True, kw_only=True)
class KeepCount:
    """Write down the restarts in a row and why the last was, so that they outlive this pod; None forgets."""

    in_a_row: int | None
    cause: str | None = None


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Write the termination message and end."""

    termination: contract.Termination


Action = StartTrainer | AskTrainerToStop | KillTrainer | Say | KeepCount | Leave
