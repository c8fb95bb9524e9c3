"""Random faults between us and a real API server: one job or none, no traceback, no lost cancel.

The full count runs in `make bench-faults`. A failure names its seed:

    python benchmarks/faults.py --first SEED --count 1
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_trials import Trials
from harness.plane import Plane

pytestmark = pytest.mark.cluster

_BATCHES = 4
_BATCH = 8


@pytest.fixture
def trials(fakes: Plane, ns: str, tmp_path: Path) -> Iterator[Trials]:
    with contextlib.closing(Trials(fakes, ns, tmp_path)) as made:
        yield made


@pytest.mark.parametrize("first", range(0, _BATCHES * _BATCH, _BATCH))
def test_under_random_faults_there_is_one_job_or_none_and_a_cancel_is_kept(
    trials: Trials, first: int
) -> None:
    for seed in range(first, first + _BATCH):
        trials.run(seed)
    assert trials.tally.faults


def test_an_api_server_that_fails_for_long_ends_in_errors_that_say_what_may_be_there(trials: Trials) -> None:
    for seed in range(5):
        trials.run(seed, share=0.95, most=60)
    assert trials.tally.refused
