"""Which failures are repeated, and for how long: the table, without any network."""

from __future__ import annotations

import itertools

import pytest

from tfjob_kit.cluster.kube.calls.retries import Budget, Failure, Pace, Schedule, is_ambiguous, may_repeat


def _status(code: int, retry_after: float | None = None) -> Failure:
    return Failure(kind="status", status=code, retry_after=retry_after)


@pytest.mark.parametrize(
    ("failure", "repeatable", "other"),
    [
        (_status(429), True, True),
        (Failure(kind="unreachable"), True, True),
        (_status(500), True, False),
        (_status(503), True, False),
        (_status(504), True, False),
        (Failure(kind="reset"), True, False),
        (Failure(kind="timeout"), True, False),
        (Failure(kind="truncated"), True, False),
        (Failure(kind="certificate"), False, False),
        (_status(400), False, False),
        (_status(401), False, False),
        (_status(403), False, False),
        (_status(404), False, False),
        (_status(409), False, False),
        (_status(410), False, False),
        (_status(422), False, False),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Failure) else str(value),
)
def test_the_table_of_repetitions(failure: Failure, repeatable: bool, other: bool) -> None:
    assert repeatable == may_repeat(failure, is_repeatable=True)
    assert other == may_repeat(failure, is_repeatable=False)


def test_what_may_have_been_carried_out() -> None:
    assert is_ambiguous(_status(500))
    assert is_ambiguous(Failure(kind="truncated"))
    assert not is_ambiguous(_status(429))
    assert not is_ambiguous(Failure(kind="unreachable"))


def _pauses(failure: Failure, *, chance: float = 0.0, budget: Budget | None = None) -> list[float]:
    """All pauses of a call that fails the same way each time."""
    waited: list[float] = []
    pace = Pace(now=lambda: sum(waited), sleep=waited.append, chance=lambda: chance)
    schedule = Schedule(budget or Budget(), pace)
    while (pause := schedule.pause_after(failure)) is not None:
        pace.sleep(pause)
    return waited


def test_pauses_are_doubled_and_jittered_between_half_and_whole() -> None:
    assert [0.05, 0.1, 0.2, 0.4, 0.8, 1.6] == pytest.approx(_pauses(_status(503))[:6])
    assert [0.1, 0.2, 0.4, 0.8, 1.6, 3.2] == pytest.approx(_pauses(_status(503), chance=1.0)[:6])


def test_a_call_ends_in_number_and_in_time() -> None:
    assert Budget().tries - 1 >= len(_pauses(_status(503)))
    for failure, chance in itertools.product((_status(503), _status(429, 10.0)), (0.0, 1.0)):
        assert Budget().total >= sum(_pauses(failure, chance=chance))
    assert 2 == len(_pauses(_status(503), budget=Budget(tries=3)))


def test_a_server_that_cannot_be_reached_is_told_soon() -> None:
    assert Budget().unreachable >= sum(_pauses(Failure(kind="unreachable")))


def test_retry_after_is_waited_for_in_full() -> None:
    first = _pauses(_status(429, 7.0), chance=1.0)[0]
    assert 7.0 <= first
    assert [] == _pauses(_status(429, 60.0))
