"""One job on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from tfjob_kit.cli import closing, console, durations, numbers, tables
from tfjob_kit.jobs import JobReport
from tfjob_kit.jobs.view import EventView, JobView

__all__ = ["render_status"]

_EVENTS = 5
_ROUTINE = {
    *("SuccessfulCreatePod", "SuccessfulCreateService", "SuccessfulDeletePod", "SuccessfulDeleteService"),
    *("Scheduled", "Pulling", "Pulled", "Created", "Started", "TFJobSucceeded", "CreatedWorkload"),
    "FailedToCreateEndpoint",
}
"""Events of every job; the last is a race without effect."""
_ROOM_FOR_COUNT = 8


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
        *_events(view, now),
        *(["", *closing.place_lines(report.places)] if report.places else []),
        *_verdict(report, now),
        *_next(report),
    ]
    return "\n".join(parts)


def _progress(report: JobReport) -> list[str]:
    view = report.view
    texts = [
        numbers.format_progress(view.progress, with_eta=not view.is_finished),
        numbers.format_metrics(report.metrics),
    ]
    return [f"  {text}" for text in texts if text]


def _events(view: JobView, now: datetime) -> list[str]:
    """The newest that say something; the same said of several pods, or again and again, on one line."""
    if view.withheld:
        return ["", f"  not shown, for want of rights: {', '.join(view.withheld)}"]
    groups: dict[tuple[str, str], list[EventView]] = {}
    for event in sorted(view.events, key=lambda event: event.time):
        if not _is_routine(event):
            key = (event.reason, event.message)
            groups[key] = [*groups.pop(key, []), event]
    if not groups:
        return []
    return ["", "EVENTS", *(_event_line(group, now) for group in list(groups.values())[-_EVENTS:])]


def _is_routine(event: EventView) -> bool:
    """It happens to every job, or repeats what the scheduler's own event says."""
    is_echo = event.message.startswith("Error pod ") and " condition message: " in event.message
    return event.reason in _ROUTINE or is_echo or event.message.endswith("exited with code 0")


def _event_line(group: Sequence[EventView], now: datetime) -> str:
    newest, count = group[-1], sum(event.count for event in group)
    begin = f"{durations.age(newest.time, now=now):>5}  "
    names = dict.fromkeys(event.about for event in group)
    about = newest.about if len(names) == 1 else f"{len(names)} objects"
    end = f" (x{count})" if count > 1 else ""
    text = f"{about}: {newest.reason}: {newest.message}"
    room = max(20, console.width() - len(begin) - _ROOM_FOR_COUNT)
    return begin + textwrap.shorten(text, room, placeholder=" ...") + end


def _verdict(report: JobReport, now: datetime) -> list[str]:
    verdict = report.verdict
    if verdict.kind in {"running", "succeeded"}:
        return []
    lines = ["", closing.headline(report, now=now), *closing.evidence_lines(verdict)]
    return [*lines, f"  fix: {verdict.fix}"] if verdict.fix else lines


def _next(report: JobReport) -> list[str]:
    """Where to look next, when the verdict has not said it."""
    view, name = report.view, report.view.ref.name
    if report.verdict.fix:
        return []
    if view.is_finished:
        return ["", f"  next: tfjob-kit logs {name}"]
    return ["", f"  next: tfjob-kit logs {name} --follow"] if any(r.run for r in view.replicas) else []
