"""`spec.runPolicy`: when the job starts, how long it lasts, what is left of it."""

from __future__ import annotations

from typing import Any

from tfjob_kit.plan import JobPlan, SchedulingPolicy

__all__ = ["build_run_policy"]


def build_run_policy(plan: JobPlan) -> dict[str, Any]:
    """The run policy; always written, since the SDK cannot read a TFJob without one."""
    return _said(
        {
            "cleanPodPolicy": plan.clean_pod_policy,
            "ttlSecondsAfterFinished": plan.ttl_seconds,
            "activeDeadlineSeconds": plan.deadline_seconds,
            "backoffLimit": plan.backoff_limit,
            "suspend": plan.suspend,
            "managedBy": plan.managed_by,
            "schedulingPolicy": plan.scheduling and _scheduling(plan.scheduling),
        }
    )


def _scheduling(policy: SchedulingPolicy) -> dict[str, Any]:
    return _said(
        {
            "minAvailable": policy.min_available,
            "queue": policy.queue,
            "priorityClass": policy.priority_class,
            "scheduleTimeoutSeconds": policy.timeout_seconds,
            "minResources": dict(policy.min_resources) or None,
        }
    )


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
