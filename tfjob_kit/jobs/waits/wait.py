"""One reason for which replicas wait."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reason", "Wait"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why one replica waits.

    Attributes:
        kind: unschedulable, gang, gated, refused, image, config, mount, network, start_error, crash_loop or
            queued.
        why: Goes after "chief-0 waits: "; no full stop.
        fix: The way out; None where time alone may bring it.
    """

    kind: str
    why: str
    fix: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A reason and those that it holds up.

    Attributes:
        replicas: Their names, in the job's order; empty: the whole job.
        of: Replicas that the job has.
    """

    reason: Reason
    replicas: tuple[str, ...]
    of: int

    @property
    def sentence(self) -> str:
        """`3 of 4 replicas wait: ...`, no full stop."""
        count = len(self.replicas)
        if count == 0:
            return f"the job waits: {self.reason.why}"
        if count == 1:
            return f"{self.replicas[0]} waits: {self.reason.why}"
        who = f"all {count}" if count == self.of else f"{count} of {self.of}"
        return f"{who} replicas wait: {self.reason.why}"
