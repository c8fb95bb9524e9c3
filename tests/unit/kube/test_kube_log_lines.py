"""Lines with times, and the place in them."""

from __future__ import annotations

import pytest

from tfjob_kit.cluster.kube.log_lines import Place, parse_line, time_key
from tfjob_kit.cluster.port import LogEntry


@pytest.mark.parametrize(
    ("line", "time", "text"),
    [
        (b"2026-01-01T00:00:00.123456789Z step 1", "2026-01-01T00:00:00.123456789Z", "step 1"),
        (b"2026-01-01T00:00:00Z ", "2026-01-01T00:00:00Z", ""),
        (b"2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.5Z", ""),
        (b"2026-01-01T01:30:00.5+01:00 a  b", "2026-01-01T00:30:00.5Z", "a  b"),
        (
            b"2026-01-01T00:00:00.1Z caf\xc3\xa9 \xff",
            "2026-01-01T00:00:00.1Z",
            "café \N{REPLACEMENT CHARACTER}",
        ),
    ],
)
def test_a_line_is_time_and_text(line: bytes, time: str, text: str) -> None:
    assert LogEntry(time=time, text=text) == parse_line(line)


def test_a_line_of_the_kubelet_has_no_time() -> None:
    assert parse_line(b"unable to retrieve container logs for containerd://1") is None


def test_fractions_of_any_length_are_ordered() -> None:
    times = [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.05Z",
        "2026-01-01T00:00:00.5Z",
        "2026-01-01T00:00:01Z",
    ]
    assert times == sorted(["2026-01-01T00:00:01Z", *times[:3]], key=time_key)


def _entries(*fractions: str) -> list[LogEntry]:
    return [LogEntry(time=f"2026-01-01T00:00:00.{fraction}Z", text="x") for fraction in fractions]


def test_a_reader_that_comes_back_takes_no_line_twice() -> None:
    place = Place(None)
    assert [True] * 4 == [place.take(entry) for entry in _entries("1", "2", "2", "2")]
    assert "2026-01-01T00:00:00Z" == place.since
    place.come_back()
    again = [place.take(entry) for entry in _entries("1", "2", "2", "2", "2", "3")]
    assert [False, False, False, False, True, True] == again
    place.come_back()
    assert [False] * 6 == [place.take(entry) for entry in _entries("1", "2", "2", "2", "2", "3")]


def test_only_lines_after_a_callers_time_are_taken() -> None:
    place = Place("2026-01-01T01:00:00.2+01:00")
    assert [False, False, True] == [place.take(entry) for entry in _entries("1", "2", "3")]
