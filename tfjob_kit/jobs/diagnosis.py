"""The verdict: job, pods, termination messages and events read together.

Owns what a finished, stuck or vanished job is called and why. No single source is trusted: the TFJob's
status hides exit codes and can hold Succeeded and Failed at once. Pure; must not know an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfjob_kit import contract
from tfjob_kit.jobs import ends
from tfjob_kit.jobs.disruption import Disruption, exit_codes_told, find_disruption
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.verdict import Verdict
from tfjob_kit.jobs.view import JobView
from tfjob_kit.jobs.waits import find_waits, is_untouched

__all__ = ["diagnose", "diagnose_deleted", "final_metrics", "suspect"]

_SUCCEEDED, _FAILED, _UNFINISHED, _STOPPED = 0, 100, 101, 103
_LAST_LINES = 6
_LAST_EVENTS = 3
_PASSED = {"FailedScheduling", "Unschedulable", "SchedulingGated", "FailedToCreateEndpoint"}
"""Warnings that explain no end: they were over when the job ran."""
_NO_TAILS: Mapping[str, Sequence[str]] = {}


def diagnose(view: JobView, *, tails: Mapping[str, Sequence[str]] = _NO_TAILS) -> Verdict:
    """What became of the job, or why it does not go on.

    Args:
        view: The job with its pods and events; pods that are gone may be those last seen.
        tails: Last log lines by replica, at least those of `suspect(view)`.
    """
    if view.state == "Failed":
        return _failed(view, tails)
    if view.state == "Succeeded":
        return Verdict(kind="succeeded", summary=f"{view.ref.name} Succeeded", exit_code=_SUCCEEDED)
    if view.state == "Suspended":
        return _suspended(view)
    return _unfinished(view)


def diagnose_deleted(view: JobView, *, with_namespace: bool = False) -> Verdict:
    """The verdict on a job that was deleted while it was looked at.

    Args:
        view: The last one.
        with_namespace: The whole namespace is being deleted.
    """
    name = view.ref.name
    if with_namespace:
        summary = f"{name} was cancelled: its namespace {view.ref.namespace} was deleted"
    else:
        summary = f"{name} was cancelled: it was deleted while {view.state}"
    return Verdict(kind="cancelled", summary=summary, exit_code=_STOPPED)


def suspect(view: JobView) -> ReplicaView | None:
    """The replica whose log most likely tells why the job failed."""
    if view.state != "Failed":
        return ends.first_failed(view.replicas)
    if (disruption := find_disruption(view)) is not None:
        return disruption.replica
    return ends.first_failed(view.replicas) or view.leader


def final_metrics(view: JobView) -> dict[str, float]:
    """Metrics of the whole evaluation set, as the leader's termination message has them; empty without."""
    leader = view.leader
    if leader is None or leader.end is None or leader.end.termination is None:
        return {}
    return dict(leader.end.termination.metrics)


def _failed(view: JobView, tails: Mapping[str, Sequence[str]]) -> Verdict:
    name, message = view.ref.name, view.message or ""
    replica = ends.first_failed(view.replicas)
    evidence = _evidence(view, replica, tails)
    whole = _failed_as_a_whole(view, message)
    if whole is not None:
        kind, summary, fix = whole
        return Verdict(kind=kind, summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)
    if (disruption := find_disruption(view)) is not None:
        return _drained(view, disruption, _evidence(view, disruption.replica, tails))
    if replica is None:
        return _failed_without_exit_code(view, evidence)
    meaning = ends.meaning_of(replica, is_runtime=view.is_runtime, memory=view.memory)
    code = _exit_code(replica)
    summary = f"{name} Failed: {replica.name} ended with exit code {code}: {meaning.phrase}"
    if view.both_ends:
        summary += "; the chief had Succeeded at the same moment"
    fix = meaning.fix or f"read its log: `tfjob-kit logs {name} --role {replica.pod.role} --tail 50`"
    return Verdict(kind=meaning.kind, summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)


def _failed_as_a_whole(view: JobView, message: str) -> tuple[str, str, str] | None:
    """Ends that no replica's exit code explains; texts of training-operator v1.9.4, common/job.go."""
    name = view.ref.name
    if "KeeperLost" in (view.reason or ""):
        fix = "run it again; the new job begins at step 0"
        return "keeper_lost", f"{name} Failed: its keeper process was killed, and its replicas with it", fix
    if "active longer than specified deadline" in message:
        limit = f"{view.deadline_seconds} s" if view.deadline_seconds else "its limit"
        summary = f"{name} Failed: it ran longer than {limit} (`job.deadline`)"
        return (
            "deadline",
            summary,
            "run again with a larger `job.deadline`, or without one: `job.deadline=null`",
        )
    if "reached the specified backoff limit" in message:
        times = f"{view.backoff_limit} times (`job.backoff_limit`)"
        summary = f"{name} Failed: its containers were restarted {times}{_first_end(view)}"
        return "backoff_limit", summary, f"read its log: `tfjob-kit logs {name} --tail 50`"
    return None


def _first_end(view: JobView) -> str:
    replica = ends.first_failed(view.replicas)
    if replica is None:
        return ""
    phrase = ends.meaning_of(replica, is_runtime=view.is_runtime, memory=view.memory).phrase
    return f"; {replica.name} ended with exit code {_exit_code(replica)}: {phrase}"


def _drained(view: JobView, disruption: Disruption, evidence: tuple[str, ...]) -> Verdict:
    name = view.ref.name
    goes_on = "goes on from its last checkpoint" if view.is_runtime else "runs it again"
    fix = f"`tfjob-kit retry {name}` {goes_on}"
    if disruption.is_avoidable:
        fix += "; with `job.protect_from_drain=true` a drain waits for the job"
    summary = f"{name} was drained or deleted: {disruption.phrase}"
    if view.both_ends:
        summary += "; the chief had Succeeded at the same moment"
    return Verdict(kind="drained", summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)


def _failed_without_exit_code(view: JobView, evidence: tuple[str, ...]) -> Verdict:
    """Pods that ended and are gone, or none at all."""
    name = view.ref.name
    told = exit_codes_told(view)
    if told:
        summary = f"{name} Failed: {told[-1]}; its pod is gone"
        fix = "keep the pods of a failed job, so that its lines can be read: `job.clean_pod_policy=Running`"
        return Verdict(kind="failed", summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)
    summary = f"{name} Failed: {view.message or 'no replica left an exit code'}"
    fix = f"read the logs: `tfjob-kit logs {name} --tail 50`"
    return Verdict(kind="unknown", summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)


def _suspended(view: JobView) -> Verdict:
    name = view.ref.name
    if view.queue:
        return _waiting(view)
    if view.is_resizing:
        summary = f"{name} is being resized: it has no pods until it is resumed"
        fix = f"if that was interrupted, repeat the `tfjob-kit resize`, or `tfjob-kit resume {name}`"
        return Verdict(kind="resizing", summary=summary, fix=fix, exit_code=_UNFINISHED)
    if view.is_incomplete:
        summary = f"{name} has not begun: the command that submitted it was cut off before it was complete"
        fix = (
            f"the same `tfjob-kit run` with --name {name} completes it; `tfjob-kit cancel {name}` removes it"
        )
        return Verdict(kind="suspended", summary=summary, fix=fix, exit_code=_STOPPED)
    summary = f"{name} is suspended: it has no pods and goes on when it is resumed"
    fix = f"`tfjob-kit resume {name}`"
    return Verdict(kind="suspended", summary=summary, fix=fix, exit_code=_STOPPED)


def _unfinished(view: JobView) -> Verdict:
    if find_waits(view):
        return _waiting(view)
    name = view.ref.name
    if is_untouched(view):
        summary = f"{name} has not been taken up yet: it has no condition and no pods"
        return Verdict(kind="pending", summary=summary, exit_code=_UNFINISHED)
    running = sum(r.state == "Running" for r in view.replicas)
    summary = f"{name} is {view.state}: {running} of {len(view.replicas)} replicas run"
    kind = "running" if view.state == "Running" else "pending"
    return Verdict(kind=kind, summary=summary, exit_code=_UNFINISHED)


def _waiting(view: JobView) -> Verdict:
    """Why it does not go on; the reason that holds up most replicas names the verdict."""
    waits = find_waits(view)
    waiting = [r for r in view.replicas if r.is_waiting and r.message]
    messages = [f"{r.name}: {r.reason}: {_without_preemption(r.message)}" for r in waiting]
    refused = [f"event {e.reason}: {e.message}" for e in view.events if e.reason == "FailedCreatePod"]
    texts = [*_queue(view), *(wait.sentence for wait in waits[1:]), *messages[:1], *refused[-1:]]
    return Verdict(
        kind=waits[0].reason.kind,
        summary=f"{view.ref.name}: {waits[0].sentence}",
        evidence=tuple(dict.fromkeys(texts)),
        fix=waits[0].reason.fix,
        exit_code=_UNFINISHED,
    )


def _queue(view: JobView) -> list[str]:
    """How many wait where it waits."""
    if view.place is None or not view.place.length:
        return []
    return [f"queue {view.queue}: {view.place.length} waiting"]


def _without_preemption(message: str | None) -> str:
    """A scheduler adds to why it cannot place a pod why it cannot preempt others either."""
    return (message or "").partition(" no new claims to deallocate")[0].partition(" preemption:")[0]


def _evidence(
    view: JobView, replica: ReplicaView | None, tails: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    lines = [f"job: {view.message}"] if view.message else []
    lines += [_end_line(r) for r in view.replicas if _exit_code(r) not in {None, 0}]
    if replica is None:
        lines += [f"event {e.reason}: {e.message}" for e in view.events if e.reason == "ExitedWithCode"][
            -_LAST_EVENTS:
        ]
    lines += _warnings(view)
    teller = replica or suspect(view)
    if teller is not None:
        tail = [t for t in tails.get(teller.name, ()) if contract.parse_progress(t) is None]
        lines += [f"{teller.name} | {text}" for text in tail[-_LAST_LINES:]]
    return tuple(lines)


def _end_line(replica: ReplicaView) -> str:
    end = replica.end or replica.last_end
    when = f" at {end.time}" if end and end.time else ""
    reason = f" {end.reason}" if end and end.reason else ""
    restarts = f", {replica.restarts} restarts" if replica.restarts else ""
    return f"{replica.name}: exit code {_exit_code(replica)}{reason}{when}{restarts}"


def _exit_code(replica: ReplicaView) -> int | None:
    end = replica.end or replica.last_end
    return end.exit_code if end else None


def _warnings(view: JobView) -> list[str]:
    told = {view.message, *(r.message for r in view.replicas if r.is_waiting)}
    warnings = [
        e for e in view.events if e.type == "Warning" and e.message not in told and e.reason not in _PASSED
    ]
    texts = [f"event {e.reason} ({e.about}): {e.message}" for e in warnings]
    return list(dict.fromkeys(texts))[-_LAST_EVENTS:]
