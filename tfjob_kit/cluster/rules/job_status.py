"""Conditions out of the counts of replicas (UpdateJobStatus in tfjob_controller.go, v1.9.4).

Kept from the operator on purpose: Succeeded and Failed can both become True in one look, and Failed wins
over everything later.
"""

from __future__ import annotations

from datetime import datetime

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules import replicas
from tfjob_kit.cluster.rules.actions import Action, Emit
from tfjob_kit.cluster.rules.conditions import set_condition
from tfjob_kit.cluster.rules.defaults import LEADERS, ROLE_ORDER
from tfjob_kit.cluster.rules.times import format_time

__all__ = ["update_job_status"]


def update_job_status(job: Object, status: Object, workers: dict[int, Object], now: datetime) -> list[Action]:
    """Writes startTime, completionTime and conditions into the status; returns the events.

    Args:
        job: With defaults.
        status: Its replicaStatuses are those of this look; changed in place.
        workers: Pods of the role Worker by index.
        now: The moment of this look.
    """
    status.setdefault("startTime", format_time(now))
    restarting = next((c for c in status["conditions"] if c["type"] == "Restarting"), None)
    actions: list[Action] = []
    roles: dict[str, Object] = job["spec"]["tfReplicaSpecs"]
    for role in (known for known in ROLE_ORDER if known in roles):
        count: Object = status["replicaStatuses"][role]
        actions += _look_at_progress(job, status, role, count, workers, now)
        if count.get("failed"):
            actions += _look_at_failures(job, status, role, count["failed"], restarting, now)
    return actions


def _look_at_progress(
    job: Object, status: Object, role: str, count: Object, workers: dict[int, Object], now: datetime
) -> list[Action]:
    roles: dict[str, Object] = job["spec"]["tfReplicaSpecs"]
    led = any(leader in roles for leader in LEADERS)
    if role not in (LEADERS if led else ("Worker",)):
        return []
    done = count.get("succeeded", 0) == roles[role]["replicas"]
    if not led:
        done = done or (_worker_0_done(workers) and job["spec"]["successPolicy"] != "AllWorkers")
    if count.get("active") and (led or not done):
        message = f"TFJob {_full_name(job)} is running."
        set_condition(status, "Running", message=message, now=now)
    if not done:
        return []
    message = f"TFJob {_full_name(job)} successfully completed."
    status.setdefault("completionTime", format_time(now))
    set_condition(status, "Succeeded", message=message, now=now)
    return [Emit(type="Normal", reason="TFJobSucceeded", message=message)]


def _look_at_failures(
    job: Object, status: Object, role: str, failed: int, restarting: Object | None, now: datetime
) -> list[Action]:
    if restarting is not None:
        set_condition(
            status, "Restarting", reason=restarting["reason"], message=restarting["message"], now=now
        )
        return []
    if job["spec"].get("enableDynamicWorker") and role == "Worker":
        return []
    message = f"TFJob {_full_name(job)} has failed because {failed} {role} replica(s) failed."
    status.setdefault("completionTime", format_time(now))
    set_condition(status, "Failed", message=message, now=now)
    return [Emit(type="Normal", reason="TFJobFailed", message=message)]


def _worker_0_done(workers: dict[int, Object]) -> bool:
    return 0 in workers and replicas.phase(workers[0]) == "Succeeded" and replicas.exit_code(workers[0]) == 0


def _full_name(job: Object) -> str:
    return f"{job['metadata']['namespace']}/{job['metadata']['name']}"
