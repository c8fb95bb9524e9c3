"""What differs between two configs."""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit.jobs.difference import ABSENT, find_differences


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="equal"),
        pytest.param({"a": 1, "b": 2}, {"a": 3, "b": 2}, [("a", 1, 3)], id="a value"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": None}}, [("a.b", 1, None)], id="null is a value"),
        pytest.param({"a": {}}, {"a": {"x.y": 1}}, [(r"a.x\.y", ABSENT, 1)], id="a key that is new"),
        pytest.param({"a": {"b": 1}}, {"a": {}}, [("a.b", 1, ABSENT)], id="a key that is gone"),
        pytest.param({"b": 1}, {}, [("b", 1, ABSENT)], id="a key of another version"),
        pytest.param({"l": [1, 2]}, {"l": [2]}, [("l", [1, 2], [2])], id="lists are compared as wholes"),
        pytest.param({"a": {"b": 1}}, {"a": 2}, [("a", {"b": 1}, 2)], id="another kind of value"),
    ],
)
def test_differences_name_key_old_and_new(old: Any, new: Any, expected: list[Any]) -> None:
    assert expected == [(d.key, d.old, d.new) for d in find_differences(old, new)]
