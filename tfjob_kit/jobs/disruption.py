"""Pods that somebody took away: drained, evicted, preempted, lost with their node, or deleted by hand.

Owns telling that from a program that failed. The operator (training-operator v1.9.4) fails a job at once when
a running pod is deleted, with the same words as for a crash, and the pod soon leaves no trace: pods as they
were last seen, their condition DisruptionTarget and events are read together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tfjob_kit.jobs import ends
from tfjob_kit.jobs.replica_view import Deletion, ReplicaView
from tfjob_kit.jobs.view import EventView, JobView

__all__ = ["Disruption", "exit_codes_told", "find_disruption"]

_FAILED_ROLE = re.compile(r"\b\d+ (?P<role>\w+) replica\(s\) failed")
_PERMANENT = re.compile(r'is failing because "\w+" replica\(s\) failed')
_DELETED_BY_OPERATOR = re.compile(r"Deleted pod: (?P<pod>\S+)")
_EXITED = re.compile(r"Pod: \S*?\.(?P<pod>\S+) exited with code (?P<code>\d+)")
_EVENTS = {
    "TaintManagerEviction": "DeletionByTaintManager",
    "Preempted": "PreemptionByScheduler",
    "Evicted": "TerminationByKubelet",
    "Killing": None,
}
"""Events that outlive a pod, and what they say in the words of its condition."""
_UNPROTECTED = {"PreemptionByScheduler", "NodeLost", "DeletionByPodGC", "TerminationByKubelet"}
"""No disruption budget holds these up."""


@dataclass(frozen=True, kw_only=True)
class Disruption:
    """The first pod that was taken away.

    Attributes:
        phrase: `worker-0 was evicted from gpu-1, as a drain does`.
        is_avoidable: A disruption budget would have made it wait.
    """

    replica: ReplicaView
    phrase: str
    is_avoidable: bool


def find_disruption(view: JobView) -> Disruption | None:
    """What took a pod of a Failed job away; None when a program failed by itself."""
    if _PERMANENT.search(view.message or ""):
        return None
    taken = [r for r in view.replicas if _was_taken(r, view)]
    crashed = ends.first_failed(tuple(r for r in view.replicas if r not in taken))
    if not taken and crashed is None:
        taken = [r for r in view.replicas if _was_taken_by_operator(r, view)]
    if not taken and crashed is None and not _codes(view):
        taken = [r for r in view.replicas if not r.has_pod or r.state == "Terminating"]
    if not taken:
        return None
    first = min(taken, key=lambda replica: _rank(replica, view))
    if crashed is not None and _came_first(crashed, first, view):
        return None
    return _disruption(first, view)


def exit_codes_told(view: JobView) -> tuple[str, ...]:
    """Bad exit codes of pods that are gone, as the operator's events tell them: `worker-0: exit code 1`."""
    return tuple(f"{pod.removeprefix(f'{view.ref.name}-')}: exit code {code}" for pod, code in _codes(view))


def _was_taken(replica: ReplicaView, view: JobView) -> bool:
    """It was to go while it ran, and not because the operator cleaned up."""
    deletion = _deletion(replica, view)
    if deletion is None or replica.exit_code == 0 or _is_operators(replica, deletion, view):
        return False
    end = replica.end.time if replica.end else None
    return end is None or deletion.time is None or deletion.time <= end


def _was_taken_by_operator(replica: ReplicaView, view: JobView) -> bool:
    """It ran, was deleted by the operator itself, and that failed the job.

    An operator whose cache lags behind deletes a failed pod's successor too, for it has the same name; and it
    deletes replicas of a job that is made smaller while it runs (training-operator v1.9.4, seen).
    """
    role = _FAILED_ROLE.search(view.message or "")
    is_meant = role is not None and role["role"].lower() == replica.pod.role
    return is_meant and replica.deletion is not None and replica.run is not None and replica.end is None


def _deletion(replica: ReplicaView, view: JobView) -> Deletion | None:
    if replica.deletion is not None or replica.end is not None or replica.has_pod:
        return replica.deletion
    told = [e for e in view.events if e.about == replica.name and e.reason in _EVENTS]
    named = [e for e in told if _EVENTS[e.reason] is not None] or told
    return _told(named[-1]) if named else None


def _told(event: EventView) -> Deletion:
    return Deletion(time=event.time or None, reason=_EVENTS[event.reason], message=event.message)


def _is_operators(replica: ReplicaView, deletion: Deletion, view: JobView) -> bool:
    return deletion.reason is None and any(
        found["pod"] == replica.pod.name and _is_not_before(event.time, deletion.time)
        for event in view.events
        if event.reason == "SuccessfulDeletePod" and (found := _DELETED_BY_OPERATOR.search(event.message))
    )


def _is_not_before(time: str, other: str | None) -> bool:
    return other is None or not time or time[:19] >= other[:19]


def _rank(replica: ReplicaView, view: JobView) -> tuple[bool, str, str]:
    """Of the role that the operator names, then the first one."""
    role = _FAILED_ROLE.search(view.message or "")
    is_other = role is not None and role["role"].lower() != replica.pod.role
    deletion = _deletion(replica, view)
    return is_other, (deletion.time if deletion else None) or "", replica.name


def _came_first(crashed: ReplicaView, taken: ReplicaView, view: JobView) -> bool:
    end, deletion = crashed.end or crashed.last_end, _deletion(taken, view)
    if end is None or end.time is None or deletion is None or deletion.time is None:
        return deletion is None
    if end.time[:19] != deletion.time[:19]:
        return end.time < deletion.time
    # In the same second: whether the operator cleaned up is told by events alone.
    return deletion.reason is None and "events" in view.withheld


def _codes(view: JobView) -> list[tuple[str, str]]:
    found = [_EXITED.search(event.message) for event in view.events if event.reason == "ExitedWithCode"]
    return [(match["pod"], match["code"]) for match in found if match is not None and match["code"] != "0"]


def _disruption(replica: ReplicaView, view: JobView) -> Disruption:
    deletion = _deletion(replica, view) or Deletion(time=None)
    if _is_operators(replica, deletion, view):
        phrase = f"{replica.name} was deleted by the training-operator itself while it ran"
        return Disruption(replica=replica, phrase=phrase, is_avoidable=False)
    is_lost = any(e.about == replica.name and e.reason == "NodeNotReady" for e in view.events)
    reason = "NodeLost" if is_lost and deletion.reason == "DeletionByTaintManager" else deletion.reason
    return Disruption(
        replica=replica,
        phrase=f"{replica.name} {_phrase(reason, replica.node, deletion)}",
        is_avoidable=reason not in _UNPROTECTED,
    )


def _phrase(reason: str | None, node: str | None, deletion: Deletion) -> str:
    where, its_node = node or "its node", f"its node {node}" if node else "its node"
    match reason:
        case "EvictionByEvictionAPI":
            return f"was evicted from {where} through the eviction API, as a drain does"
        case "PreemptionByScheduler":
            return f"was preempted on {where} by a pod of higher priority"
        case "DeletionByTaintManager":
            return f"was evicted from {where}, which got a NoExecute taint"
        case "NodeLost" | "DeletionByPodGC":
            return f"was lost with {its_node}"
        case "TerminationByKubelet":
            return f"was evicted by {its_node}{f': {deletion.message}' if deletion.message else ''}"
        case _ if deletion.time is None:
            return "is gone and left no exit code"
        case _:
            return f"was deleted while it ran on {where}"
