"""A plan in one line: how many replicas of how many GPUs, and what each of them gets of a batch."""

from __future__ import annotations

from tfjob_kit import contract
from tfjob_kit.plan.job_plan import JobPlan, Role
from tfjob_kit.plan.topology import Topology

__all__ = ["describe_plan"]


def describe_plan(plan: JobPlan) -> str:
    """One line: `chief + 1 worker x 4 GPUs = 8 GPUs · global batch 64 = 32 per replica = 8 per GPU`.

    The batch is left out where the user's own program decides on it.
    """
    parts = [_describe_replicas(plan.topology)]
    parts += [_describe_other(role) for role in plan.roles[1:] if role.name not in ("Chief", "Worker")]
    if plan.topology.gpus and plan.gpus > plan.topology.gpus:
        parts.append(f"{plan.gpus} GPUs in all")
    if contract.RUNTIME_MODULE in plan.command:
        parts.append(_describe_batch(plan.topology))
    return " · ".join(parts)


def _describe_replicas(topology: Topology) -> str:
    team = "chief" if not topology.workers else f"chief + {_count(topology.workers, 'worker')}"
    if not topology.gpus:
        return f"{team} on CPU"
    noun, kind = topology.gpu_type.noun, topology.gpu_type.name
    each = f"{team} x {_count(topology.gpus_per_replica, noun)}"
    total = each if topology.replicas == 1 else f"{each} = {_count(topology.gpus, noun)}"
    return f"{total} of type {kind}" if kind else total


def _describe_other(role: Role) -> str:
    name = role.name.lower()
    return f"{name} x {_count(role.gpus, 'GPU')}" if role.gpus else f"{name} on CPU"


def _describe_batch(topology: Topology) -> str:
    parts = [f"global batch {topology.global_batch_size}"]
    if topology.replicas > 1:
        parts.append(f"{topology.batch_per_replica} per replica")
    if topology.gpus_per_replica > 1:
        parts.append(f"{topology.batch_per_device} per {topology.gpu_type.noun}")
    return " = ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
