"""One look at a job: what the operator would do now (pkg/controller.v1/common/job.go, v1.9.4).

Two rules are kept better than the operator keeps them: `activeDeadlineSeconds` is enforced on a quiet job too
(the operator notices only at the next pod or job event, issue 3358), and a job without completionTime
does not fail its own clean-up.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules import replicas
from tfjob_kit.cluster.rules.actions import Action, CreatePod, DeleteJob, DeletePod, Emit, Outcome
from tfjob_kit.cluster.rules.conditions import is_finished, is_true, set_condition
from tfjob_kit.cluster.rules.defaults import with_defaults
from tfjob_kit.cluster.rules.job_status import update_job_status
from tfjob_kit.cluster.rules.times import format_time, parse_time

__all__ = ["reconcile"]

_OURS = ("", "kubeflow.org/training-operator")
_RESTARTING_IN_PLACE = ("OnFailure", "Always")


def reconcile(job: Object, *, pods: Sequence[Object], now: datetime) -> Outcome:
    """What is to be done about the job now, and its new status.

    Args:
        job: The stored TFJob, valid, with the status that the last look gave it.
        pods: All pods that belong to it (same job, same uid), terminating ones included.
        now: The moment of this look.
    """
    status: Object = copy.deepcopy(job.get("status") or {})
    job = with_defaults(job)
    if (job["spec"]["runPolicy"].get("managedBy") or "") not in _OURS:
        return Outcome(status=status)
    name = job["metadata"]["name"]
    if not status.get("conditions"):
        set_condition(status, "Created", message=f"TFJob {name} is created.", now=now)
    if is_finished(status):
        return _look_at_finished(job, status, pods, now)
    if job["spec"]["runPolicy"]["suspend"]:
        return _suspend(job, status, pods, now)
    actions = _resume(job, status, now)
    message = _limit_reached(job, status, pods, now)
    if message:
        return _end_at_limit(job, status, message, now)
    for role, spec in job["spec"]["tfReplicaSpecs"].items():
        actions += _look_at_role(job, status, replicas.of_role(pods, role), role, spec, now)
    actions += update_job_status(job, status, replicas.of_role(pods, "Worker"), now)
    return _outcome(job, status, actions, now)


def _look_at_finished(job: Object, status: Object, pods: Sequence[Object], now: datetime) -> Outcome:
    actions = _clean_up(job, pods)
    if is_true(status, "Succeeded"):
        counts: dict[str, Object] = status.get("replicaStatuses") or {}
        status["replicaStatuses"] = {role: _fold_active(count) for role, count in counts.items()}
    expires = _expires(job, status)
    if expires and now >= expires:
        return Outcome(status=status, actions=(*actions, DeleteJob()))
    return Outcome(status=status, actions=tuple(actions), wake_at=expires)


def _outcome(job: Object, status: Object, actions: list[Action], now: datetime) -> Outcome:
    """A job that has ended just now is cleaned up at the next look, which is due at once."""
    wake_at = now if is_finished(status) else _deadline(job, status)
    return Outcome(status=status, actions=tuple(actions), wake_at=wake_at)


def _clean_up(job: Object, pods: Sequence[Object]) -> list[Action]:
    """Deletions after the end. Any text but None and Running acts as All, as it does in the operator."""
    policy = job["spec"]["runPolicy"]["cleanPodPolicy"]
    if policy == "None":
        return []
    doomed = [p for p in pods if policy != "Running" or replicas.phase(p) in ("Running", "Pending")]
    return _delete(doomed)


def _delete(pods: Sequence[Object]) -> list[Action]:
    actions: list[Action] = []
    for pod in pods:
        if not replicas.is_terminating(pod):
            name = pod["metadata"]["name"]
            message = f"Deleted pod: {name}"
            actions += [
                DeletePod(name=name),
                Emit(type="Normal", reason="SuccessfulDeletePod", message=message),
            ]
    return actions


def _fold_active(count: Object) -> Object:
    succeeded = count.get("succeeded", 0) + count.get("active", 0)
    kept = {name: value for name, value in count.items() if name == "failed"}
    return ({"succeeded": succeeded} if succeeded else {}) | kept


def _suspend(job: Object, status: Object, pods: Sequence[Object], now: datetime) -> Outcome:
    message = f"TFJob {job['metadata']['name']} is suspended."
    actions = _delete(pods)
    counts: dict[str, Object] = status.get("replicaStatuses") or {}
    if counts:
        status["replicaStatuses"] = {
            role: {name: value for name, value in count.items() if name != "active"}
            for role, count in counts.items()
        }
    if is_true(status, "Running"):
        set_condition(status, "Running", value="False", reason="TFJobSuspended", message=message, now=now)
    if not is_true(status, "Suspended"):
        set_condition(status, "Suspended", message=message, now=now)
        actions.append(Emit(type="Normal", reason="TFJobSuspended", message=message))
    return Outcome(status=status, actions=tuple(actions))


def _resume(job: Object, status: Object, now: datetime) -> list[Action]:
    if not is_true(status, "Suspended"):
        return []
    message = f"TFJob {job['metadata']['name']} is resumed."
    set_condition(status, "Suspended", value="False", reason="TFJobResumed", message=message, now=now)
    status["startTime"] = format_time(now)
    return [Emit(type="Normal", reason="TFJobResumed", message=message)]


def _limit_reached(job: Object, status: Object, pods: Sequence[Object], now: datetime) -> str | None:
    name, limit = job["metadata"]["name"], job["spec"]["runPolicy"].get("backoffLimit")
    if limit is not None and (_has_new_failure(job, status, pods, limit) or _is_past(job, pods, limit)):
        return f"Job {name} has failed because it has reached the specified backoff limit"
    deadline = _deadline(job, status)
    if deadline and now >= deadline:
        return f"Job {name} has failed because it was active longer than specified deadline"
    return None


def _has_new_failure(job: Object, status: Object, pods: Sequence[Object], limit: int) -> bool:
    """A pod failed that the status does not count yet. Only a limit of 0 is ever below the retries done."""
    counts: dict[str, Object] = status.get("replicaStatuses") or {}
    known = sum(count.get("failed", 0) for count in counts.values())
    failed = sum(replicas.phase(pod) == "Failed" for pod in pods)
    wanted = sum(role["replicas"] for role in job["spec"]["tfReplicaSpecs"].values())
    active = sum(replicas.is_active(pod) for pod in pods)
    return limit == 0 and failed > known and active != wanted


def _is_past(job: Object, pods: Sequence[Object], limit: int) -> bool:
    roles: dict[str, Object] = job["spec"]["tfReplicaSpecs"]
    counted = [role for role, spec in roles.items() if spec["restartPolicy"] != "Never"]
    total = sum(replicas.restart_sum(replicas.of_role(pods, role).values()) for role in counted)
    return total > 0 and total >= limit


def _end_at_limit(job: Object, status: Object, message: str, now: datetime) -> Outcome:
    status.setdefault("completionTime", format_time(now))
    set_condition(status, "Failed", message=message, now=now)
    emit = Emit(type="Normal", reason="TFJobFailed", message=message)
    return _outcome(job, status, [emit], now)


def _look_at_role(
    job: Object, status: Object, pods: dict[int, Object], role: str, spec: Object, now: datetime
) -> list[Action]:
    """Missing pods made, surplus and retryable ones deleted, the role's counts written."""
    actions: list[Action] = []
    for index in range(max([spec["replicas"], *(highest + 1 for highest in pods)])):
        if index not in pods:
            actions += _create(job, role, index)
            continue
        if index >= spec["replicas"]:
            actions += _delete([pods[index]])
        actions += _look_at_pod(job, status, pods[index], role, spec, now)
    status.setdefault("replicaStatuses", {})[role] = replicas.count(pods.values())
    return actions


def _create(job: Object, role: str, index: int) -> list[Action]:
    name = f"{job['metadata']['name']}-{role.lower()}-{index}"
    created = Emit(type="Normal", reason="SuccessfulCreatePod", message=f"Created pod: {name}")
    return [CreatePod(role=role, index=index), created]


def _look_at_pod(
    job: Object, status: Object, pod: Object, role: str, spec: Object, now: datetime
) -> list[Action]:
    code, meta = replicas.exit_code(pod), pod["metadata"]
    actions: list[Action] = []
    if code is not None:
        message = f"Pod: {meta['namespace']}.{meta['name']} exited with code {code}"
        actions.append(Emit(type="Normal", reason="ExitedWithCode", message=message, occurrence=meta["uid"]))
    if replicas.phase(pod) != "Failed":
        return actions
    # Without an exit code the pod was evicted: retryable, since the operator puts 0xbeef in its place.
    if spec["restartPolicy"] in _RESTARTING_IN_PLACE or (
        spec["restartPolicy"] == "ExitCode" and (code is None or code >= 128)
    ):
        return actions + _restart(job, status, pod, role, now)
    if spec["restartPolicy"] == "ExitCode":
        message = f'job "{job["metadata"]["name"]}" is failing because "{role}" replica(s) failed.'
        actions.append(Emit(type="Warning", reason="TFJobFailed", message=message))
        set_condition(status, "Failed", message=message, now=now)
    return actions


def _restart(job: Object, status: Object, pod: Object, role: str, now: datetime) -> list[Action]:
    message = f"job {job['metadata']['name']} is restarting because {role} replica(s) failed."
    set_condition(status, "Restarting", message=message, now=now)
    if replicas.is_terminating(pod):
        return []
    emit = Emit(type="Warning", reason="TFJobRestarting", message=message, occurrence=pod["metadata"]["uid"])
    return [*_delete([pod]), emit]


def _deadline(job: Object, status: Object) -> datetime | None:
    seconds, started = job["spec"]["runPolicy"].get("activeDeadlineSeconds"), status.get("startTime")
    return parse_time(started) + timedelta(seconds=seconds) if seconds is not None and started else None


def _expires(job: Object, status: Object) -> datetime | None:
    policy: Object = job["spec"]["runPolicy"]
    seconds, ended = policy.get("ttlSecondsAfterFinished"), status.get("completionTime")
    if seconds is None or ended is None or policy["suspend"]:
        return None
    return parse_time(ended) + timedelta(seconds=seconds)
