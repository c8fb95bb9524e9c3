"""The forms of an override: each row is one command line.

The whole outcome (values with sources, or the whole error) stands in contract/forms.txt, in the
same order; `--accept-golden` writes it anew.
"""

from collections.abc import Callable, Sequence

import pytest

Table = Callable[[str, Sequence[Sequence[str]]], None]

ROWS = [
    ("train.steps=5",),
    ("train.stepz=5",),
    ("model.params.widht=1",),
    ("model.params.depth=1",),
    ("+model.params.depth=1",),
    ("+model.params.width=9",),
    ("+train.steps=3",),
    ("+name=x",),
    ("+trian.steps=1",),
    ("++model.params.depth=1",),
    ("++model.params.width=9",),
    ("++train.stepz=1",),
    ("++x=1",),
    ("~name",),
    ("~model.params.width",),
    ("~train.steps",),
    ("~model.params.widht",),
    ("~train.stepz",),
    ("~model.params.width=8",),
    ("~model.params.width=9",),
    ("~job.ttl=7d",),
    ("~job.ttl=8d",),
    ("name=",),
    ("train.steps=",),
    ("gpus=",),
    ("model=",),
    ("env=",),
    ("model=big",),
    ("model=bog",),
    ("modle=big",),
    ("train/optimizer=sgd",),
    ("train=long", "train/optimizer=adam"),
    ("train=long", "train/optimizer=adma"),
    ("train/optimzer=adam",),
    ("foo/bar=1",),
    ("+experiment=wide",),
    ("+experiment=wied",),
    ("+model=big",),
    ("~data",),
    ("~data=first",),
    ("~data=second",),
    ("~experiment",),
    ("~experiment=wide",),
    ("experiment=wide",),
    ("++model=big",),
    ("model+=[big]",),
    ("model=[small,big]",),
    ("+disk@volumes.tmp=fast",),
    ("disk@volumes.tmp=fast",),
    ("model@model=big",),
    ("model@other=big",),
    ("+train/optimizer@train.optimizer=adam",),
    ("+experiment@_global_=wide",),
    ("data@_global_=second",),
    ("+disk@nowhere=fast",),
    ("foo@bar=x",),
    ("+disk@volumes.a-b=fast",),
    ("model@a:b=big",),
    ("model@:b=big",),
    ("model.params.layers[0]=9",),
    ("model.params.layers[-1]=9",),
    ("model.params.layers[3]=9",),
    ("model.params.layers[-4]=9",),
    ("model.params.width[0]=1",),
    ("command[0]=x",),
    ("~model.params.layers[1]",),
    ("+model.params.layers[0]=4",),
    ("train.steps[0]=4",),
    ("model.params.layers+=[4,5]",),
    ("command+=[a]",),
    ("model.params.layers+=4",),
    ("model.params.layers+=a,b",),
    ("train.steps+=[1]",),
    ("model.params.width+=[1]",),
    ("+model.params.layers+=[1]",),
    ("env+=[a]",),
    ("model.params.new+=[1]",),
    ("+env.a\\.b=1",),
    ("+model.params.nvidia\\.com/gpu=4",),
    ("+env.a.b=1",),
]


def test_forms(same_as_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFJOB_KIT_UNSET", raising=False)
    same_as_table("forms", ROWS)
