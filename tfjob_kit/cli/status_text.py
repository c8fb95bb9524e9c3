"""One job on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from tfjob_kit.cli import closing, console, durations, numbers, tables
from tfjob_kit.jobs import JobReport, JobView
from tfjob_kit.jobs.view import EventView

__all__ = ["render_status"]

_EVENTS = 5


def render_status(report: JobReport, *, now: datetime) -> str:
    """State, replicas, progress, events, places, and the verdict with its way out."""
    view = report.view
    seconds = durations.seconds_between(view.started or view.created, view.finished, now=now)
    took = f", {durations.span(seconds)}" if seconds is not None else ""
    parts = [
        console.paint(f"{view.ref.namespace}/{view.ref.name}", "bold") + f": {view.state}{took}",
        *_progress(view),
        "",
        tables.replica_table(view.replicas, now=now),
        *_events(view.events, now),
        *(["", *closing.place_lines(report.places)] if report.places else []),
        *_verdict(report, now),
    ]
    return "\n".join(parts)


def _progress(view: JobView) -> list[str]:
    text = numbers.format_progress(view.progress, with_eta=not view.is_finished)
    return [f"  {text}"] if text else []


def _events(events: Sequence[EventView], now: datetime) -> list[str]:
    if not events:
        return []
    width = console.width()
    lines = [
        textwrap.shorten(
            f"{durations.age(e.time, now=now):>5}  {e.about}: {e.reason}: {e.message}",
            width - 2,
            placeholder=" ...",
        )
        for e in events[-_EVENTS:]
    ]
    return ["", "EVENTS", *(f"  {line}" for line in lines)]


def _verdict(report: JobReport, now: datetime) -> list[str]:
    verdict = report.verdict
    if verdict.kind == "running":
        return []
    lines = ["", closing.headline(report, now=now), *closing.evidence_lines(verdict)]
    return [*lines, f"  fix: {verdict.fix}"] if verdict.fix else lines
