"""The forms of an override: marks, paths, groups, and what it keeps of its text."""

import pytest

from tfjob_kit import errors
from tfjob_kit.config import parse_override
from tfjob_kit.config.grammar import Action
from tfjob_kit.config.grammar.keys import format_path, parse_path
from tfjob_kit.config.grammar.override import format_override


@pytest.mark.parametrize(
    ("text", "action", "path", "value"),
    [
        ("a.b=1", Action.change, ("a", "b"), 1),
        ("+a.b=1", Action.add, ("a", "b"), 1),
        ("++a.b=1", Action.change_or_add, ("a", "b"), 1),
        ("~a.b", Action.delete, ("a", "b"), None),
        ("~a.b=v", Action.delete, ("a", "b"), "v"),
        ("a=", Action.change, ("a",), ""),
        ("a.b[0]=1", Action.change, ("a", "b", 0), 1),
        ("a[-1].c=1", Action.change, ("a", -1, "c"), 1),
        ("a+=[x,y]", Action.extend, ("a",), ["x", "y"]),
        ("limits.nvidia\\.com/gpu=4", Action.change, ("limits", "nvidia.com/gpu"), 4),
        ("größe=1", Action.change, ("größe",), 1),
    ],
)
def test_a_form_is_read(text: str, action: Action, path: tuple[str | int, ...], value: object) -> None:
    found = parse_override(text)
    assert (text, action, path, value) == (found.raw, found.action, found.path, found.value)


@pytest.mark.parametrize(
    ("text", "key", "package"),
    [
        ("db=x", "db", None),
        ("db/sub=x", "db/sub", None),
        ("db@src=x", "db", "src"),
        ("+opt@opt2=x", "opt", "opt2"),
        ("db@_global_=x", "db", "_global_"),
    ],
)
def test_a_group_keeps_its_package(text: str, key: str, package: str | None) -> None:
    found = parse_override(text)
    assert (key, package) == (found.key, found.package)


def test_the_raw_text_of_the_value_is_kept() -> None:
    assert " 1.10" == parse_override("tag= 1.10").text


@pytest.mark.parametrize("text", ["", "=", "+", "~", "a", "+a", "a.=1", ".a=1", "a[x]=1", "a]=1", "g@b c=1"])
def test_a_broken_key_is_refused_and_names_the_override(text: str) -> None:
    with pytest.raises(errors.OverrideError) as caught:
        parse_override(text)
    assert text == caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize(
    "path", [("a",), ("a", "b.c", 0, "d"), ("x\\y", "[0]"), ("nvidia.com/gpu",), ("a", -1, 3)]
)
def test_a_path_survives_writing_and_reading(path: tuple[str | int, ...]) -> None:
    assert path == parse_path(format_path(path))


@pytest.mark.parametrize("text", ["a=1", "+a='x,y'", "~a", "~a=1", "g@p=x", "a+=[1,'2']", "a={b:[x,null]}"])
def test_an_override_survives_writing_and_reading(text: str) -> None:
    once = parse_override(text)
    again = parse_override(format_override(once))
    assert (once.action, once.key, once.package, once.value) == (
        again.action,
        again.key,
        again.package,
        again.value,
    )
