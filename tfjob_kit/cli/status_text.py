"""One job on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from tfjob_kit.cli import closing, console, durations, numbers, tables
from tfjob_kit.jobs import JobReport
from tfjob_kit.jobs.view import EventView

__all__ = ["render_status"]

_EVENTS = 5


def render_status(report: JobReport, *, now: datetime) -> str:
    """State, replicas, progress, events, places, and the verdict with its way out."""
    view = report.view
    seconds = durations.seconds_between(view.started or view.created, view.finished, now=now)
    took = f", {durations.span(seconds)}" if seconds is not None else ""
    parts = [
        console.paint(f"{view.ref.namespace}/{view.ref.name}", "bold")
        + f": {tables.paint_state(view.state)}{took}",
        *_progress(report),
        "",
        tables.replica_table(view.replicas, now=now),
        *_events(view.events, now),
        *(["", *closing.place_lines(report.places)] if report.places else []),
        *_verdict(report, now),
    ]
    return "\n".join(parts)


def _progress(report: JobReport) -> list[str]:
    view = report.view
    texts = [
        numbers.format_progress(view.progress, with_eta=not view.is_finished),
        numbers.format_metrics(report.metrics),
    ]
    return [f"  {text}" for text in texts if text]


def _events(events: Sequence[EventView], now: datetime) -> list[str]:
    if not events:
        return []
    return ["", "EVENTS", *(_event_line(event, now) for event in events[-_EVENTS:])]


def _event_line(event: EventView, now: datetime) -> str:
    begin = f"{durations.age(event.time, now=now):>5}  "
    text = f"{event.about}: {event.reason}: {event.message}"
    return begin + textwrap.shorten(text, max(20, console.width() - len(begin)), placeholder=" ...")


def _verdict(report: JobReport, now: datetime) -> list[str]:
    verdict = report.verdict
    if verdict.kind in {"running", "succeeded"}:
        return []
    lines = ["", closing.headline(report, now=now), *closing.evidence_lines(verdict)]
    return [*lines, f"  fix: {verdict.fix}"] if verdict.fix else lines
