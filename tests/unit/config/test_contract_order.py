"""Composition order, packages, missing values, files: each row is one command line.

The whole outcome (values with sources, or the whole error) stands in contract/order.txt, in the
same order; `--accept-golden` writes it anew.
"""

from collections.abc import Callable, Sequence

import pytest

Table = Callable[[str, Sequence[Sequence[str]]], None]

ROWS = [
    ("model=big",),
    ("+experiment=wide",),
    ("+experiment=wide", "gpus=3"),
    ("gpus=3", "+experiment=wide"),
    ("+experiment=wide", "model=small"),
    ("train=long",),
    ("train=long", "train/optimizer=adam"),
    ("train.optimizer.learning_rate=0.2", "train=long"),
    ("+experiment=first_self",),
    ("+experiment=maybe",),
    ("+disk@volumes.tmp=fast",),
    ("+volumes=scratch",),
    ("model.params.width=${train.steps}", "train=long"),
    ("command=[b]", "command+=[c]", "command[0]=a"),
    ("+experiment=open",),
    ("+experiment=open", "name=x", "model.params.width=1"),
    ("gpu_memory=limit",),
    ("+gpu_memory=limit",),
    ("name=???",),
    ("+experiment=absent",),
    ("+experiment=keyword",),
    ("+experiment=unlisted",),
    ("+experiment=circle",),
    ("+experiment=lost",),
]


def test_order(same_as_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    same_as_table("order", ROWS)
