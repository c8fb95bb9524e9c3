"""What agents tell each other: one JSON object per line, twice a second and whenever something changes.

Owns the words on the wire. A line carries the sender's whole state, so none may be missed for good and none
need be answered. Must not know sockets or decisions.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Announcement", "Identity", "Phase", "decode", "encode", "group_of"]


class Phase(enum.Enum):
    """Where an agent stands.

    gathering: at the barrier, no trainer runs. training: its trainer runs. ending: waits for the end of a
    trainer that it killed. stopping: was asked to stop; its trainer saves. done: its trainer has finished
    all steps. failed: ends with a permanent error. leaving: ends, and may come back as another process.
    """

    gathering = "gathering"
    training = "training"
    ending = "ending"
    stopping = "stopping"
    done = "done"
    failed = "failed"
    leaving = "leaving"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who speaks, and to whom it believes to speak.

    Attributes:
        run_id: contract.RUN_ID_ENV.
        code: Digest of the config with the version of the kit; equal in all replicas of a run.
        name: `worker-1`.
        incarnation: Drawn at the agent's start: a replica that came back has another one.
    """

    run_id: str
    code: str
    name: str
    incarnation: str


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """One agent's state.

    Attributes:
        incarnation: Of the sender.
        phase: Where it stands.
        attempt: Number of the start that it takes part in or waits for; only ever rises.
        group: Digest of all incarnations that it sees at this attempt; None until it sees everybody.
        reason: Why this attempt is not the first, in words.
        exit_code: With `failed`: how it ends.
        step: Last finished step.
    """

    incarnation: str
    phase: Phase
    attempt: int
    group: str | None = None
    reason: str | None = None
    exit_code: int = 0
    step: int | None = None


def group_of(attempt: int, incarnations: Mapping[str, str]) -> str:
    """The name of one start by exactly these processes."""
    members = " ".join(f"{name}={incarnations[name]}" for name in sorted(incarnations))
    return hashlib.sha256(f"{attempt} {members}".encode()).hexdigest()[:16]


def encode(identity: Identity, announcement: Announcement, *, to: str) -> bytes:
    """The line that says `announcement` to the peer named `to`."""
    data = asdict(announcement) | asdict(identity) | {"phase": announcement.phase.value, "to": to}
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> tuple[Identity, Announcement, str]:
    """Sender, state and addressee of a line.

    Raises:
        ValueError: It is none of ours.
    """
    try:
        data: dict[str, Any] = json.loads(line)
        identity = Identity(
            **{k: str(data.pop(k)) for k in ("run_id", "code", "name")}, incarnation=str(data["incarnation"])
        )
        to, phase, attempt = str(data.pop("to")), Phase(data.pop("phase")), int(data.pop("attempt"))
        return identity, Announcement(phase=phase, attempt=attempt, **data), to
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("not an agent's line") from error
