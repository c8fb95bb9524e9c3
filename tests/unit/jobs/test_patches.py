"""Changes carried over into what is stored, and merge patches, as tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfjob_kit.cluster.rules import merge_patch
from tfjob_kit.jobs.patches import carry_over, merge_patch_between

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENV_1 = {"name": "A", "value": "1"}
ENV_2 = {"name": "A", "value": "2"}
OF_ANOTHER = {"name": "B", "value": "b"}


@pytest.mark.parametrize(
    ("stored", "base", "wanted", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}, id="a changed value"),
        pytest.param(
            {"a": 5}, {"a": 1}, {"a": 1}, {"a": 5}, id="what did not change stays as others have it"
        ),
        pytest.param({"a": 5}, {"a": 1}, {"a": 2}, {"a": 2}, id="what did change wins"),
        pytest.param(
            {"a": 1, "z": 9}, {"a": 1}, {}, {"z": 9}, id="a removed key goes, a key of others stays"
        ),
        pytest.param({}, {}, {"b": {"c": 1}}, {"b": {"c": 1}}, id="a new object"),
        pytest.param({"b": {"z": 9}}, {"b": {}}, {"b": {"c": 1}}, {"b": {"z": 9, "c": 1}}, id="a key below"),
        pytest.param(
            {"env": [ENV_1, OF_ANOTHER]},
            {"env": [ENV_1]},
            {"env": [ENV_2]},
            {"env": [ENV_2, OF_ANOTHER]},
            id="lists of named things by their names",
        ),
        pytest.param(
            {"env": [ENV_1, OF_ANOTHER]}, {"env": [ENV_1]}, {"env": []}, {"env": []}, id="an emptied list"
        ),
        pytest.param(
            {"c": ["x"]}, {"c": ["a"]}, {"c": ["a", "b"]}, {"c": ["a", "b"]}, id="plain lists whole"
        ),
    ],
)
def test_changes_are_carried_over(stored: Any, base: Any, wanted: Any, expected: Any) -> None:
    before = repr(stored)
    assert expected == carry_over(stored, base=base, wanted=wanted)
    assert before == repr(stored)


_JSON = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=10,
)
_OBJECTS = st.dictionaries(st.sampled_from("abc"), _JSON, max_size=3)


@UNHURRIED
@given(old=_OBJECTS, new=_OBJECTS)
def test_the_patch_between_two_objects_makes_one_of_the_other(old: Any, new: Any) -> None:
    assert new == merge_patch(old, merge_patch_between(old, new))


def test_the_patch_between_equals_is_empty() -> None:
    assert {} == merge_patch_between({"a": [1], "b": {"c": 2}}, {"a": [1], "b": {"c": 2}})
