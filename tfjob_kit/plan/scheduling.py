"""When replicas start: gangs, queues, and which controller looks after the job.

Facts: training-operator v1.9.4 (`runPolicy.schedulingPolicy`, pkg/controller.v1/control/podgroup_control.go),
Kueue v0.19.2 (labels of a job, MultiKueue).
"""

from __future__ import annotations

import dataclasses

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.job_plan import SchedulingPolicy
from tfjob_kit.plan.quantities import parse_quantity
from tfjob_kit.plan.references import check_label, check_object

__all__ = ["QUEUE_LABEL", "QUEUE_PRIORITY_LABEL", "check_queue", "choose_manager", "make_scheduling_policy"]

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
QUEUE_PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"


def make_scheduling_policy(config: schema.RunConfig, *, replicas: int) -> SchedulingPolicy | None:
    """The policy of the job's pod group; None where the job is no gang.

    Args:
        config: The run.
        replicas: Pods of the whole job.

    Raises:
        RefusedError: More replicas must start together than the job has; keys of a gang that is not enabled.
        InvalidValue: A name or quantity that cannot be.
    """
    gang = config.job.gang
    if not gang.enabled:
        _check_unused(gang)
        return None
    if gang.min_available is not None and gang.min_available > replicas:
        raise errors.RefusedError(
            f"{gang.min_available} replicas shall start together and the job has {replicas}: it never starts",
            where="job.gang.min_available",
            nearest=(str(replicas),),
            hint="drop it: then all replicas start together, whatever their number",
        )
    for name, text in gang.min_resources.items():
        parse_quantity(text, key=f"job.gang.min_resources.{name}")
    return SchedulingPolicy(
        min_available=replicas if gang.min_available is None else gang.min_available,
        queue=_object(gang.queue, where="job.gang.queue", kind="queue"),
        priority_class=_object(gang.priority_class, where="job.gang.priority_class", kind="PriorityClass"),
        timeout_seconds=gang.timeout,
        min_resources=dict(gang.min_resources),
    )


def check_queue(config: schema.RunConfig) -> None:
    """Refuses what Kueue would be told without a queue, and names that no queue has.

    Raises:
        RefusedError: A priority in no queue.
        InvalidValue: A name that cannot be.
    """
    job = config.job
    if job.queue is not None:
        check_label(QUEUE_LABEL, job.queue, where="job.queue")
        check_object(job.queue, where="job.queue", kind="LocalQueue")
    if job.queue_priority is None:
        return
    check_label(QUEUE_PRIORITY_LABEL, job.queue_priority, where="job.queue_priority")
    check_object(job.queue_priority, where="job.queue_priority", kind="WorkloadPriorityClass")
    if job.queue is None:
        raise errors.RefusedError(
            "a priority in the queue, and the job stands in none",
            where="job.queue_priority",
            hint="name the queue with `job.queue`; `job.priority_class` is the priority of the pods",
        )


def choose_manager(config: schema.RunConfig) -> str | None:
    """`spec.runPolicy.managedBy`; None: not written, which means the training-operator.

    Raises:
        RefusedError: MultiKueue without a queue: nobody would start the job.
    """
    manager, queue = config.job.managed_by, config.job.queue
    if manager is schema.ManagedBy.multikueue and queue is None:
        raise errors.RefusedError(
            "MultiKueue sends jobs of its queues to other clusters, and this job stands in no queue: "
            "nobody would start it",
            where="job.managed_by",
            hint="name the queue with `job.queue`, or drop `job.managed_by`",
        )
    return manager and manager.value


def _check_unused(gang: schema.GangConfig) -> None:
    for field in dataclasses.fields(gang):
        if getattr(gang, field.name) not in (False, None, {}):
            raise errors.RefusedError(
                f"`{field.name}` is a key of a gang, and the job is none",
                where=f"job.gang.{field.name}",
                hint="job.gang.enabled=true",
            )


def _object(name: str | None, *, where: str, kind: str) -> str | None:
    return None if name is None else check_object(name, where=where, kind=kind)
