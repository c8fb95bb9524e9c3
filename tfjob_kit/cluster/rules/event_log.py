"""Events as the API stores them: repeated ones are counted, not listed again."""

from __future__ import annotations

from datetime import datetime

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.actions import Emit
from tfjob_kit.cluster.rules.times import format_time

__all__ = ["record_event"]

_OCCURRENCE = "tfjob-kit/occurrence"


def record_event(
    events: list[Object], emit: Emit, *, about: Object, now: datetime, source: str = "tfjob-controller"
) -> Object | None:
    """Adds the event to the list or counts it up there; returns it as it now is, None when nothing changed.

    Args:
        events: Events known so far, changed in place.
        emit: What happened.
        about: The TFJob or Pod.
        now: When it happened.
        source: Who says so.
    """
    new = _event(emit, about=about, time=format_time(now), source=source, number=len(events))
    for place, old in enumerate(events):
        if _identity(old) != _identity(new):
            continue
        if emit.occurrence and old["metadata"]["annotations"].get(_OCCURRENCE) == emit.occurrence:
            return None
        again = {"count": old["count"] + 1, "lastTimestamp": new["lastTimestamp"]}
        metadata = {**old["metadata"], "annotations": new["metadata"]["annotations"]}
        events[place] = {**old, **again, "metadata": metadata}
        return events[place]
    events.append(new)
    return new


def _event(emit: Emit, *, about: Object, time: str, source: str, number: int) -> Object:
    meta: Object = about["metadata"]
    uid = f"{meta.get('uid', '')}-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta['name']}.{number:016x}",
            "namespace": meta["namespace"],
            "uid": uid,
            "creationTimestamp": time,
            "annotations": {_OCCURRENCE: emit.occurrence} if emit.occurrence else {},
        },
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta.get("uid", ""),
        },
        "type": emit.type,
        "reason": emit.reason,
        "message": emit.message,
        "source": {"component": source},
        "count": 1,
        "firstTimestamp": time,
        "lastTimestamp": time,
    }


def _identity(event: Object) -> tuple[str, ...]:
    return (event["involvedObject"]["uid"], event["type"], event["reason"], event["message"])
