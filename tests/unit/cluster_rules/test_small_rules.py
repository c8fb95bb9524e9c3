from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.cluster import rules

NOW = rules.parse_time("2026-01-31T12:00:00Z")
LATER = rules.parse_time("2026-01-31T12:00:05Z")


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # RFC 7386, appendix A, those with objects on both sides
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"b": {"c": None}}, {"a": "foo", "b": {}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_the_rfc_says(target, patch, result):
    assert rules.merge_patch(target, patch) == result


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=2), below, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=2), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_twice_is_the_same_as_once(target, patch):
    once = rules.merge_patch(target, patch)
    assert rules.merge_patch(once, patch) == once


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (None, True),
        ("", True),
        ("team=red", True),
        ("team==red", True),
        ("team=blue", False),
        ("team!=blue", True),
        ("team!=red", False),
        ("other!=x", True),
        ("other=", False),
        ("team=red, a.b/c=1", True),
    ],
)
def test_a_selector_is_read_as_kubectl_reads_it(selector, found):
    thing = {"metadata": {"labels": {"team": "red", "a.b/c": "1"}}}
    assert rules.matches(thing, rules.parse_selector(selector)) == found


@pytest.mark.parametrize("selector", ["team in (red)", "team", "=red", "a=b,,c=d"])
def test_other_selectors_are_refused(selector):
    with pytest.raises(errors.ClusterError) as caught:
        rules.parse_selector(selector)
    assert caught.value.status == 400


def _record(events, message="m", *, occurrence="", now=NOW, about=None):
    emit = rules.Emit(type="Normal", reason="R", message=message, occurrence=occurrence)
    thing = about or {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "ns", "uid": "u"},
    }
    return rules.record_event(events, emit, about=thing, now=now)


def test_an_event_that_repeats_is_counted():
    events = []
    _record(events)
    _record(events, "other")
    again = _record(events, now=LATER)
    assert [event["count"] for event in events] == [2, 1]
    assert again["firstTimestamp"] == "2026-01-31T12:00:00Z"
    assert again["lastTimestamp"] == "2026-01-31T12:00:05Z"
    assert len({event["metadata"]["name"] for event in events}) == 2


def test_one_occurrence_is_recorded_once():
    events = []
    _record(events, occurrence="pod-1")
    assert _record(events, occurrence="pod-1", now=LATER) is None
    assert _record(events, occurrence="pod-2", now=LATER)["count"] == 2


def test_times_are_written_in_utc_and_whole_seconds():
    assert rules.format_time(rules.parse_time("2026-01-31T13:00:00.9+01:00")) == "2026-01-31T12:00:00Z"
