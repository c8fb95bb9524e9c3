"""Overrides that meet: each row is one command line.

The whole outcome (values with sources, or the whole error) stands in contract/conflicts.txt, in the
same order; `--accept-golden` writes it anew.
"""

from collections.abc import Callable, Sequence

import pytest

Table = Callable[[str, Sequence[Sequence[str]]], None]

ROWS = [
    ("train.steps=1", "gpus=2", "train.steps=3"),
    ("model=small", "model=big"),
    ("model=big", "model=big"),
    ("model=big", "~model"),
    ("+model=big",),
    ("train={steps:1}", "train.steps=2"),
    ("train.steps=2", "train={seed:1}"),
    ("command=[a]", "command=[b]"),
    ("model.params.width=9", "model=big"),
    ("model=big", "model.params.width=9"),
    ("model.params.depth=18",),
    ("job.ttl=1d", "~job.ttl"),
    ("~job.ttl", "job.ttl=1d"),
    ("model.name=x",),
    ("model.nome=x",),
    ("data.nam=x",),
    ("model.foo=x",),
    ("name=a", "~name=a"),
    ("+env.A=1", "+env.A=2"),
    ("command+=[a]", "command+=[b]"),
]


def test_conflicts(same_as_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    same_as_table("conflicts", ROWS)
