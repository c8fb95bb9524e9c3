"""The verdict: job, pods, termination messages and events read together.

Owns what a finished, stuck or vanished job is called and why. No single source is trusted: the TFJob's
status hides exit codes and can hold Succeeded and Failed at once. Pure; must not know an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfjob_kit import contract
from tfjob_kit.jobs import ends
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.verdict import Verdict
from tfjob_kit.jobs.view import JobView

__all__ = ["diagnose", "diagnose_deleted", "final_metrics", "suspect"]

_SUCCEEDED, _FAILED, _UNFINISHED, _STOPPED = 0, 100, 101, 103
_LAST_LINES = 6
_LAST_EVENTS = 3
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


def diagnose_deleted(view: JobView) -> Verdict:
    """The verdict on a job that was deleted while it was looked at; `view` is the last one."""
    return Verdict(
        kind="cancelled",
        summary=f"{view.ref.name} was cancelled: it was deleted while {view.state}",
        exit_code=_STOPPED,
    )


def suspect(view: JobView) -> ReplicaView | None:
    """The replica whose log most likely tells why the job failed."""
    return ends.first_failed(view.replicas) or (view.leader if view.state == "Failed" else None)


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


def _failed_without_exit_code(view: JobView, evidence: tuple[str, ...]) -> Verdict:
    name = view.ref.name
    gone = [r.name for r in view.replicas if not r.has_pod or r.state == "Terminating"]
    if gone:
        cause = "drain, eviction, preemption, or deleted by hand"
        summary = f"{name} Failed: the pod of {gone[0]} is gone and left no exit code ({cause})"
        fix = "run it again; the operator fails a job whenever a running pod is deleted"
        return Verdict(kind="pod_deleted", summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)
    summary = f"{name} Failed: {view.message or 'no replica left an exit code'}"
    fix = f"read the logs: `tfjob-kit logs {name} --tail 50`"
    return Verdict(kind="unknown", summary=summary, evidence=evidence, fix=fix, exit_code=_FAILED)


def _suspended(view: JobView) -> Verdict:
    name = view.ref.name
    if view.queue:
        summary = f"{name} waits in queue {view.queue}"
        return Verdict(kind="queued", summary=summary, exit_code=_UNFINISHED)
    summary = f"{name} is suspended: it has no pods and goes on when it is resumed"
    return Verdict(kind="suspended", summary=summary, exit_code=_STOPPED)


def _unfinished(view: JobView) -> Verdict:
    name = view.ref.name
    refused = [e for e in view.events if e.reason in {"FailedCreatePod", "FailedCreateService"}]
    present = [r for r in view.replicas if r.has_pod]
    if refused and len(present) < len(view.replicas):
        summary = f"{name} cannot start: {refused[-1].message}"
        return _stuck(
            "refused", summary, view, "the message names the quota, policy or account that refused it"
        )
    waiting = [r for r in view.replicas if r.is_waiting and r.reason]
    for replica in waiting:
        problem = ends.start_problem(replica.reason)
        if problem:
            fix = "check `site.image` and `command`"
            return _stuck("start_error", f"{name} cannot start: {replica.name}: {problem}", view, fix)
    if waiting and waiting[0].reason not in {"ContainerCreating", "PodInitializing"}:
        return _stuck("pending", f"{name} waits: {_count(waiting, view)} {waiting[0].reason}", view, None)
    running = sum(r.state == "Running" for r in view.replicas)
    summary = f"{name} is {view.state}: {running} of {len(view.replicas)} replicas run"
    kind = "running" if view.state == "Running" else "pending"
    return Verdict(kind=kind, summary=summary, exit_code=_UNFINISHED)


def _stuck(kind: str, summary: str, view: JobView, fix: str | None) -> Verdict:
    evidence = [f"{r.name}: {r.reason}: {r.message}" for r in view.replicas if r.is_waiting and r.message]
    evidence = [*dict.fromkeys(evidence), *_warnings(view)]
    return Verdict(kind=kind, summary=summary, evidence=tuple(evidence), fix=fix, exit_code=_UNFINISHED)


def _count(waiting: list[ReplicaView], view: JobView) -> str:
    if len(waiting) == 1:
        return f"{waiting[0].name} is"
    return f"{len(waiting)} of {len(view.replicas)} replicas are"


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
    warnings = [e for e in view.events if e.type == "Warning" and e.message not in told]
    texts = [f"event {e.reason} ({e.about}): {e.message}" for e in warnings]
    return list(dict.fromkeys(texts))[-_LAST_EVENTS:]
