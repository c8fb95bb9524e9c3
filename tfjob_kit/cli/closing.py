"""The last lines about a job: verdict, evidence, places, the way out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime

from tfjob_kit.cli import console, durations, numbers
from tfjob_kit.jobs import JobReport, Verdict

__all__ = ["evidence_lines", "headline", "place_lines", "show_report", "show_verdict", "summary"]

_COLOURS = {0: "green", 100: "red"}


def headline(report: JobReport, *, now: datetime) -> str:
    """`NAME Succeeded in 41 s · accuracy 0.9833`, or the verdict's sentence."""
    view = report.view
    text = summary(report.verdict)
    seconds = durations.seconds_between(view.started or view.created, view.finished, now=now)
    if report.verdict.kind == "succeeded" and seconds is not None:
        text += f" in {durations.span(seconds)}"
    return text + (f" · {numbers.format_metrics(report.metrics)}" if report.metrics else "")


def summary(verdict: Verdict) -> str:
    """The verdict's sentence in its colour."""
    return console.paint(verdict.summary, "bold", _COLOURS.get(verdict.exit_code, "yellow"))


def evidence_lines(verdict: Verdict) -> list[str]:
    """The evidence, indented; a log line of a program may be as long as it likes."""
    return [f"  {line}" for line in verdict.evidence]


def place_lines(places: Mapping[str, str]) -> list[str]:
    """`  logs         /path`, aligned."""
    return [f"  {name:<12} {path}" for name, path in places.items()]


def show_report(report: JobReport, *, now: datetime) -> None:
    """Prints the end of a followed job: data on stdout, what to do next on stderr."""
    lines = ["", headline(report, now=now), *evidence_lines(report.verdict), *place_lines(report.places)]
    console.put("\n".join(lines))
    _say_next(report.verdict, report.view.ref.name)


def show_verdict(verdict: Verdict) -> None:
    """Prints the end of a job that is gone: the verdict is all there is."""
    console.put("\n".join(["", summary(verdict), *evidence_lines(verdict)]))


def _say_next(verdict: Verdict, job: str) -> None:
    if verdict.fix:
        console.say(f"\n{_label('hint:')} {verdict.fix}")
    elif verdict.kind == "succeeded":
        console.say(f"\n{_label('next:')} tfjob-kit status {job}\n      tfjob-kit logs {job}")


def _label(text: str) -> str:
    return console.paint(text, "cyan", "bold", stream=sys.stderr)
