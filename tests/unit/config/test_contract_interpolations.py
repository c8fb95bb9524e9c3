"""Interpolations, resolved after composition: each row is one command line.

The whole outcome (values with sources, or the whole error) stands in contract/interpolations.txt, in the
same order; `--accept-golden` writes it anew.
"""

from collections.abc import Callable, Sequence

import pytest

Table = Callable[[str, Sequence[Sequence[str]]], None]

ROWS = [
    ("name=${train.stepz}",),
    ("name=${nothing:1}",),
    ("name=${oc.env:TFJOB_KIT_UNSET}",),
    ("name=${name}",),
    ("train.steps=${model.name}",),
    ("name=x-${train.steps}-${oops}",),
    ("name=run-${train.steps}-${gpus}",),
    ("+env.T=${oc.env:TFJOB_KIT_UNSET,x}",),
    ("name=\\${train.steps}",),
    ("name=${oc.decode:'[1'}",),
    ("name=${a b}",),
]


def test_interpolations(same_as_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    same_as_table("interpolations", ROWS)
