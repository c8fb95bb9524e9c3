"""Small pieces of text, as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tfjob_kit import errors
from tfjob_kit.cli import durations, numbers, roles

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_span(seconds: float, text: str) -> None:
    assert text == durations.span(seconds)


@pytest.mark.parametrize(
    ("created", "text"),
    [
        (None, "-"),
        ("2026-01-31T11:59:55Z", "5s"),
        ("2026-01-31T11:59:55.123456789Z", "4s"),
        ("2026-01-31T11:50:00Z", "10m"),
        ("2026-01-31T02:00:00Z", "10h"),
        ("2026-01-21T12:00:00Z", "10d"),
        ("2026-01-31T12:00:09Z", "0s"),
    ],
)
def test_age(created: str | None, text: str) -> None:
    assert text == durations.age(created, now=NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("2h30m", 9000), ("7d", 604_800)]
)
def test_parse_seconds(text: str, seconds: int) -> None:
    assert seconds == durations.parse_seconds(text, flag="--timeout")


@pytest.mark.parametrize("text", ["", "abc", "-5", "1.5h", "5 m", "m"])
def test_parse_seconds_refuses(text: str) -> None:
    with pytest.raises(errors.UsageError, match="--timeout"):
        durations.parse_seconds(text, flag="--timeout")


def test_progress() -> None:
    values = {
        "step": 20,
        "total_steps": 600,
        "loss": 0.42113,
        "examples_per_second": 5300.4,
        "eta_seconds": 75,
    }
    assert "step 20/600 · loss 0.4211 · 5300 examples/s · 1 min 15 s left" == numbers.format_progress(values)
    assert "step 20 · eval accuracy 0.98" == numbers.format_progress({"step": 20, "eval_accuracy": 0.98})
    assert "" == numbers.format_progress({})


def test_metrics_end_with_the_loss() -> None:
    assert "accuracy 0.9833 · loss 0.061" == numbers.format_metrics({"loss": 0.061, "accuracy": 0.98333})


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("plain\ttext", "plain\ttext"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[31mred", "\x1b[31mred\x1b[0m"),
        ("\x1b[2Jcleared", "cleared"),
        ("\x1b]0;title\x07after", "after"),
        ("1/10\r2/10\r", "2/10"),
        ("bell\x07\x08", "bell"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended", ""),
        ("\x9b2Jc1", "2Jc1"),
        ("\x1bcreset\x1bM", "reset"),
    ],
)
def test_lines_cannot_move_the_cursor(line: str, text: str) -> None:
    assert text == roles.clean(line)
