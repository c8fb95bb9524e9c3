"""Tables of text, readable without colour: NAME first, AGE last, columns as wide as what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tfjob_kit.cli import console, durations
from tfjob_kit.jobs import JobView
from tfjob_kit.jobs.replica_view import ReplicaView

__all__ = ["job_table", "paint_state", "replica_table", "table"]

_OBVIOUS = {"Completed", "Error"}
"""Reasons that say no more than the exit code."""
_OPTIONAL = {"NODE", "REASON"}
"""Columns that are left out when nothing stands in them."""
_GAP = "   "
_COLOURS = {
    "Succeeded": "green",
    "Failed": "red",
    "Running": "cyan",
    "Restarting": "yellow",
    "Pending": "yellow",
}


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, colour_column: int | None = None) -> str:
    """The rows under their header, left-aligned; one column may be coloured by state."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    shown = [_line(header, widths)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if colour_column is not None and row[colour_column] in _COLOURS:
            cells[colour_column] = console.paint(cells[colour_column], _COLOURS[row[colour_column]])
        shown.append(_GAP.join(cells).rstrip())
    return "\n".join(shown)


def job_table(views: Sequence[JobView], *, now: datetime, with_namespace: bool) -> str:
    """One line per job."""
    header = ("NAME", "STATE", "REPLICAS", "GPUS", "TOOK", "AGE")
    rows = [_job_row(view, now) for view in views]
    if with_namespace:
        header = (header[0], "NAMESPACE", *header[1:])
        rows = [(row[0], view.ref.namespace, *row[1:]) for row, view in zip(rows, views, strict=True)]
    return table(header, rows, colour_column=header.index("STATE"))


def replica_table(replicas: Sequence[ReplicaView], *, now: datetime) -> str:
    """One line per replica."""
    header = ("REPLICA", "STATE", "RESTARTS", "EXIT", "GPUS", "NODE", "REASON", "AGE")
    rows = [_replica_row(replica, now) for replica in replicas]
    kept = [c for c in range(len(header)) if header[c] not in _OPTIONAL or any(row[c] != "-" for row in rows)]
    return table([header[c] for c in kept], [[row[c] for c in kept] for row in rows], colour_column=1)


def paint_state(state: str) -> str:
    """The state in its colour."""
    return console.paint(state, _COLOURS[state]) if state in _COLOURS else state


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _job_row(view: JobView, now: datetime) -> tuple[str, ...]:
    seconds = durations.seconds_between(view.started, view.finished, now=now)
    return (
        view.ref.name,
        view.state,
        str(len(view.replicas)),
        str(view.gpus),
        durations.span(seconds) if seconds is not None else "-",
        durations.age(view.created, now=now),
    )


def _replica_row(replica: ReplicaView, now: datetime) -> tuple[str, ...]:
    return (
        replica.name,
        replica.state,
        str(replica.restarts + replica.recreated),
        "-" if replica.exit_code is None else str(replica.exit_code),
        str(replica.gpus),
        replica.node or "-",
        "-" if replica.reason in _OBVIOUS else replica.reason or "-",
        durations.age(replica.started, now=now),
    )
