"""Did you mean: each row is one command line.

The whole outcome (values with sources, or the whole error) stands in contract/nearest.txt, in the
same order; `--accept-golden` writes it anew.
"""

from collections.abc import Callable, Sequence

import pytest

Table = Callable[[str, Sequence[Sequence[str]]], None]

ROWS = [
    ("trian.steps=4",),
    ("learning_rate=1",),
    ("train.learning_rate=1",),
    ("optimizer=sgd",),
    ("modle=big",),
    ("model=bgi",),
    ("job.clean_pod_policy=Runing",),
    ("name=chioce(a,b)",),
    ("name=rang(3)",),
    ("zzz=1",),
    ("train.zzz=1",),
    ("gpu_memroy.fraction=0.5",),
    ("train.optimizer.name=adm",),
    ("resource.memory=1Gi",),
    ("memory=1Gi",),
    ("job.label.a=b",),
    ("+job.lables.a=b",),
]


def test_nearest(same_as_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    same_as_table("nearest", ROWS)
