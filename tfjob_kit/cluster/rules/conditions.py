"""Conditions of a job: one entry per type, the newest at the end (pkg/util/status.go)."""

from __future__ import annotations

from datetime import datetime

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.times import format_time

__all__ = ["is_finished", "is_true", "set_condition"]


def is_true(status: Object, kind: str) -> bool:
    """Whether the condition of that type is True."""
    conditions: list[Object] = status.get("conditions") or []
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)


def is_finished(status: Object) -> bool:
    """Whether the job will never run again."""
    return is_true(status, "Succeeded") or is_true(status, "Failed")


def set_condition(
    status: Object, kind: str, *, message: str, now: datetime, reason: str = "", value: str = "True"
) -> None:
    """Appends the condition to the status in place, unless it says nothing new. Failed is for ever."""
    if is_true(status, "Failed"):
        return
    conditions: list[Object] = status.get("conditions") or []
    reason, time = reason or f"TFJob{kind}", format_time(now)
    old = next((c for c in conditions if c["type"] == kind), None)
    if old and old["status"] == value and old["reason"] == reason:
        return
    unchanged = old is not None and old["status"] == value
    new: Object = {
        "type": kind,
        "status": value,
        "reason": reason,
        "message": message,
        "lastUpdateTime": time,
        "lastTransitionTime": old["lastTransitionTime"] if old and unchanged else time,
    }
    status["conditions"] = [*_others(conditions, kind), new]


def _others(conditions: list[Object], kind: str) -> list[Object]:
    gone = {kind, *({"Running": ["Restarting"], "Restarting": ["Running"]}.get(kind, []))}
    kept = [c for c in conditions if c["type"] not in gone]
    if kind in ("Succeeded", "Failed"):
        kept = [{**c, "status": "False"} if c["type"] == "Running" else c for c in kept]
    return kept
