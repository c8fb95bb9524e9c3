"""What can happen to a request on its way, and when: values and pure functions.

`proxy` carries it out. A plan says which request meets which fault; `Schedule` draws them from a seed.
"""

from __future__ import annotations

import random
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can happen to a request. Each `after` has been carried out: only the answer is not true."""

    DROP_BEFORE = "drop before"
    DROP_AFTER = "drop after"
    RESET_AFTER = "reset after"
    TOO_MANY = "429"
    FAILED = "500"
    FAILED_AFTER = "500 after"
    UNAVAILABLE = "503"
    TORN_AFTER = "torn after"
    """The head of the answer and half its body, then a reset; a stream is torn inside its second piece."""
    TRUNCATED = "truncated"
    """A stream ends properly after its first piece; any other answer as if dropped after half its body."""
    DELAYED = "delayed"
    GONE = "410"
    """Of a watch, or of a further page of a list: the version asked for is too old."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that reached the proxy.

    Attributes:
        number: Counts from 0 since the plan was set.
        path: With its query.
        fault: What the proxy did to it.
        status: Of the API server's answer; 0: it was not asked, or its answer is still awaited.
    """

    number: int
    method: str
    path: str
    fault: Fault | None = None
    status: int = 0

    @property
    def query(self) -> Mapping[str, list[str]]:
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch", [""])[0] in ("1", "true", "True")

    @property
    def is_stream(self) -> bool:
        """Whether the answer has no end of its own: a watch, or lines that are followed."""
        return self.is_watch or self.query.get("follow", [""])[0] in ("1", "true", "True")


Plan = Callable[[Request], Fault | None]


def no_faults(request: Request) -> None:
    """The plan of a proxy that only counts."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Random faults: a pure function of the seed and of the request's number, method and kind.

    Attributes:
        share: Of requests that meet a fault, 0 to 1.
        most: The longest run of faults: after so many in a row a request passes.
    """

    seed: int | str
    share: float = 0.25
    most: int = 10
    kinds: tuple[Fault, ...] = tuple(Fault)

    def __call__(self, request: Request) -> Fault | None:
        if request.number % (self.most + 1) == self.most:
            return None
        chance = random.Random(f"{self.seed}/{request.number}")
        if chance.random() >= self.share:
            return None
        return chance.choice([kind for kind in self.kinds if _can_meet(request, kind)])


def _can_meet(request: Request, kind: Fault) -> bool:
    return kind is not Fault.GONE or request.is_watch or "continue" in request.query


@dataclass(frozen=True, kw_only=True)
class Hook:
    """Something that happens at one request, whose answer is then lost.

    Attributes:
        number: Of the request.
        after: Whether the API server has carried the request out by then; else it never gets it.
        act: E.g. kills the process that sent it.
    """

    number: int
    after: bool
    act: Callable[[], None]
