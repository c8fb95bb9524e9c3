"""Known bad inputs, and odd ones: each row is one command line.

The whole outcome (values with sources, or the whole error) stands in contract/bad_inputs.txt, in the
same order; `--accept-golden` writes it anew.
"""

from collections.abc import Callable, Sequence

import pytest

Table = Callable[[str, Sequence[Sequence[str]]], None]

ROWS = [
    ("modle=vit",),
    ("model=vitt",),
    ("gpus=two",),
    ("gpus=-3",),
    ("job.clean_pod_policy=some",),
    ("gpus=1,2",),
    ("train.optimizer.learning_rate=0.1,oops(",),
    ("model={a:",),
    ("train.optimizer.learning_rate=interval(0,1)",),
    ("",),
    ("=",),
    ("=1",),
    ("small",),
    ("big",),
    ("train",),
    ("name",),
    ("-x",),
    ("--gpus=3",),
    ("name=[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",),
    ("größe=1",),
    ("name\u202e=x",),
    ("job.deadline=99999999999999999999",),
]


def test_bad_inputs(same_as_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    same_as_table("bad_inputs", ROWS)
