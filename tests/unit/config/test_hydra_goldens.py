"""The grammar against Hydra 1.3.8: what its own parser made of each text, in hydra_goldens/goldens.json.

hydra_goldens/generate.py says how the file is made. Where the kit differs, it does so for a reason told here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.config import parse_override
from tfjob_kit.config.grammar import Action, values

GOLDENS = json.loads(Path(__file__).with_name("hydra_goldens").joinpath("goldens.json").read_text("utf-8"))
ACTIONS = {
    "change": Action.change,
    "add": Action.add,
    "force_add": Action.change_or_add,
    "del": Action.delete,
}
EMPTY_KEY = "an override without a key sets nothing"
ANY_TEXT = "text that needs no quotes in a config needs none here"
BLANK_BEHIND = "a blank behind a value means nothing"
TEXT_KEYS = "keys of a config are text"
QUOTED_KEYS = "a key may be quoted, which some keys need"
NESTED = "OmegaConf resolves it, and YAML files may hold it"
AS_WRITTEN = "text is the text as it was written"
OUR_KEYS = "keys may hold dots, slashes and letters of every language, and name list items"
DIFFERENT = {
    "=1": EMPTY_KEY,
    "x='a' ": BLANK_BEHIND, "x=[''] ": BLANK_BEHIND,
    "x={1:a}": TEXT_KEYS, "x={true:a}": TEXT_KEYS,
    "x={'a':1}": QUOTED_KEYS, "x={'a b':1}": QUOTED_KEYS,
    "x=${a:${b}}": NESTED, "x=${a:{b:1}}": NESTED,
    "x=str(1.10)": AS_WRITTEN,
    "x=a=b": ANY_TEXT, "url=s3://b?k=1": ANY_TEXT, "x=größe": ANY_TEXT, "x=a#b": ANY_TEXT, "x=a;b": ANY_TEXT,
    "x=a!b": ANY_TEXT, "x=a&b": ANY_TEXT, "x=a~b": ANY_TEXT, "x=#": ANY_TEXT, "x=`a`": ANY_TEXT,
    "x=<a>": ANY_TEXT, "x=a^b": ANY_TEXT,
    "a/b.c=1": OUR_KEYS, "a\\.b=1": OUR_KEYS, "a[0]=1": OUR_KEYS, "größe=1": OUR_KEYS,
}  # fmt: skip


def as_json(value: Any) -> Any:
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {"dict": [[as_json(key), as_json(item)] for key, item in value.items()]}
    return [as_json(item) for item in value] if isinstance(value, list) else value


def ours(text: str) -> dict[str, Any]:
    """What the kit makes of an override, in the form of a golden row."""
    try:
        found = parse_override(text)
    except errors.OverrideError:
        return {"text": text, "error": "HydraException"}
    names = {action: name for name, action in ACTIONS.items()}
    return {
        "text": text,
        "action": names[found.action],
        "key": found.key,
        "package": found.package,
        "value": as_json(found.value),
    }


@pytest.mark.parametrize("row", GOLDENS["overrides"], ids=lambda row: row["text"])
def test_an_override_is_read_as_hydra_reads_it(row: dict[str, Any]) -> None:
    if row["text"] in DIFFERENT:
        assert row != ours(row["text"]), "no longer different: take it out of DIFFERENT"
    else:
        assert row == ours(row["text"])


def test_enough_rows_are_the_same_and_every_difference_is_a_row() -> None:
    texts = [row["text"] for row in GOLDENS["overrides"]]
    assert len(texts) == len(set(texts))
    assert set() == set(DIFFERENT) - set(texts)
    accepted = [row for row in GOLDENS["overrides"] if "error" not in row and row["text"] not in DIFFERENT]
    assert len(accepted) >= 60


# Values for several runs. What they expand to is no business of a run; their parsed form is compared as far
# as Hydra keeps it: it sorts, casts and tags while it parses.
REFUSED_BY_HYDRA = {
    "x=tag(tags=[a,b],sweep=choice(a,b))": "arguments by name are kept as they are",
    "x=choice()": "how many arguments a function needs is checked when it is expanded",
    "x=range()": "likewise",
    "x=glob()": "likewise",
}
NOT_SWEPT_IN_HYDRA = {
    "x=sort([3,1,2])": "sorts a list while parsing; a run takes no function but a cast",
    "x=sort(a)": "likewise",
    "x=[1,choice(a,b)]": "keeps a sweep inside a list, which it then cannot run",
}


def read(text: str) -> values.Value | values.Swept:
    return values.parse_value(text, text.index("=") + 1)


def elements(swept: values.Swept) -> list[Any]:
    return [as_json(values.plain(item)) for item in swept.arguments if not isinstance(item, values.Swept)]


def form(swept: values.Swept) -> dict[str, Any]:
    """The parsed form with Hydra's names; empty for functions that Hydra carries out while it parses."""
    named = {name: as_json(values.plain(value)) for name, value in swept.keywords}  # pyright: ignore
    given = elements(swept)
    if swept.function in (None, "choice"):
        return {"sweep": "ChoiceSweep", "list": given, "simple_form": swept.function is None}
    if swept.function == "range":
        given = [0, *given] if len(given) == 1 else given
        positional = dict(zip(("start", "stop", "step"), given, strict=False))
        return {"sweep": "RangeSweep", "start": 0, "step": 1, **positional, **named}
    if swept.function == "interval":
        both = {**dict(zip(("start", "end"), given, strict=False)), **named}
        floats = {
            name: value if isinstance(value, dict) else as_json(float(value)) for name, value in both.items()
        }
        return {"sweep": "IntervalSweep", **floats}
    if swept.function == "glob":
        both = {"include": given[0] if given else [], "exclude": [], **named}
        lists = {name: value if isinstance(value, list) else [value] for name, value in both.items()}
        return {"sweep": "Glob", **lists}
    return {}


def is_nested(swept: values.Swept) -> bool:
    return any(isinstance(item, values.Swept) for item in swept.arguments)


@pytest.mark.parametrize("row", GOLDENS["sweeps"], ids=lambda row: row["text"])
def test_a_value_for_several_runs_has_the_form_that_hydra_reads(row: dict[str, Any]) -> None:
    text = row["text"]
    if text == "x=[1,choice(a,b)]":
        with pytest.raises(errors.OverrideError, match="cannot stand inside a list"):
            read(text)
        return
    found = read(text)
    assert isinstance(found, values.Swept)
    assert ("error" in row) is (text in REFUSED_BY_HYDRA)
    if text in REFUSED_BY_HYDRA or text in NOT_SWEPT_IN_HYDRA or is_nested(found):
        return
    expected = form(found)
    assert expected == {name: row["value"][name] for name in expected}


@pytest.mark.parametrize("row", GOLDENS["sweeps"], ids=lambda row: row["text"])
def test_a_run_takes_no_value_for_several_runs(row: dict[str, Any]) -> None:
    with pytest.raises(errors.OverrideError, match=r"stands for several values|inside a list"):
        parse_override(row["text"])
