"""What became of a job: submit it, read it, follow it, wait for it, cancel it, judge it.

Owns the reading of status, pods, events and termination messages (`view`, `replica_view`: the only readers
of Kubernetes field names) and the verdict reached from them together (`diagnosis`). Must not know which
engine is behind the port, nor clock, randomness, environment or a terminal: those are arguments or belong to
`cli`.
The exports load when they are first used: a submission needs neither the stream nor the verdict.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfjob_kit.jobs.diagnosis import diagnose
    from tfjob_kit.jobs.events import Event, event_dict
    from tfjob_kit.jobs.lifecycle import cancel_job, list_jobs, wait_for
    from tfjob_kit.jobs.status import JobReport, read_logs, read_report
    from tfjob_kit.jobs.stream import follow
    from tfjob_kit.jobs.submission import submit
    from tfjob_kit.jobs.verdict import Verdict
    from tfjob_kit.jobs.view import JobView, read_job

__all__ = [
    "Event",
    "JobReport",
    "JobView",
    "Verdict",
    "cancel_job",
    "diagnose",
    "event_dict",
    "follow",
    "list_jobs",
    "read_job",
    "read_logs",
    "read_report",
    "submit",
    "wait_for",
]

_HOMES = {
    "Event": "events",
    "JobReport": "status",
    "JobView": "view",
    "Verdict": "verdict",
    "cancel_job": "lifecycle",
    "diagnose": "diagnosis",
    "event_dict": "events",
    "follow": "stream",
    "list_jobs": "lifecycle",
    "read_job": "view",
    "read_logs": "status",
    "read_report": "status",
    "submit": "submission",
    "wait_for": "lifecycle",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
