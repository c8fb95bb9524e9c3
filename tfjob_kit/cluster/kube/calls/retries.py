"""Which failed calls are repeated, and when: a table and a schedule, without clock or network.

The table: a call that the server has surely not carried out may always be repeated; one that it may have
carried out only when a repetition changes nothing (`Call.is_repeatable`). Everything ends: the tries of one
call are bounded in number and in time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Budget", "Failure", "Pace", "Schedule", "is_ambiguous", "may_repeat"]

FailureKind = Literal["status", "unreachable", "reset", "timeout", "truncated", "certificate"]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a try brought no result.

    Attributes:
        kind: `unreachable`: no connection was made, so nothing was sent. `reset`, `timeout`, `truncated`: the
            server may have done what was asked. `certificate`: TLS refused the server, or it us.
        status: HTTP status; 0 without an answer.
        retry_after: Seconds that the server asks us to wait.
        body: The answer's text.
        detail: What the network layer says, for people.
    """

    kind: FailureKind
    status: int = 0
    retry_after: float | None = None
    body: str = ""
    detail: str = ""


def is_ambiguous(failure: Failure) -> bool:
    """Whether the server may have carried the call out although it failed."""
    return failure.kind in {"reset", "timeout", "truncated"} or failure.status >= 500


def may_repeat(failure: Failure, *, is_repeatable: bool) -> bool:
    """Whether the same call may be sent again.

    429 and a connection that was never made have changed nothing. After 5xx, resets, timeouts and truncated
    answers nobody knows, so only repeatable calls go on.
    """
    if failure.kind == "unreachable" or failure.status == 429:
        return True
    return is_repeatable and is_ambiguous(failure)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long one call may go on; seconds.

    Attributes:
        tries: Of the call, the first included.
        total: From the first try on; no further one begins after it.
        unreachable: The same while no connection can be made at all: a wrong address should be told soon.
        first_delay: Before the second try; doubled for each further one, up to `longest_delay`.
    """

    tries: int = 12
    total: float = 30.0
    unreachable: float = 3.0
    first_delay: float = 0.1
    longest_delay: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Clock, sleep and chance, so that a test can have its own.

    Attributes:
        now: Seconds of a clock that only goes on.
        sleep: Waits so many seconds.
        chance: A number from 0 up to 1.
    """

    now: Callable[[], float]
    sleep: Callable[[float], object]
    chance: Callable[[], float]


class Schedule:
    """The pauses between the tries of one call."""

    def __init__(self, budget: Budget, pace: Pace) -> None:
        self._budget = budget
        self._pace = pace
        self._started = pace.now()
        self._tries = 0

    def pause_after(self, failure: Failure) -> float | None:
        """Seconds to wait before the next try; None when there is none.

        The back-off is doubled and jittered (half to whole), so that a hundred clients do not come back at
        once; a Retry-After is waited for in full, and jittered upwards.
        """
        self._tries += 1
        if self._tries >= self._budget.tries:
            return None
        delay = min(self._budget.longest_delay, self._budget.first_delay * 2 ** (self._tries - 1))
        pause = delay * (0.5 + self._pace.chance() / 2)
        if failure.retry_after is not None:
            pause = max(pause, failure.retry_after + 0.1 * self._pace.chance())
        limit = self._budget.unreachable if failure.kind == "unreachable" else self._budget.total
        return pause if self._pace.now() - self._started + pause <= limit else None
