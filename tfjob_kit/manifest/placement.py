"""Fields of a pod template that say where its pod may run."""

from __future__ import annotations

from typing import Any

from tfjob_kit.plan import JobPlan
from tfjob_kit.plan.placement import Neighbours, Spread

__all__ = ["build_affinity", "build_spread_constraints", "select_pods"]

_JOB_NAME_LABEL = "training.kubeflow.org/job-name"
"""Which the operator writes on every pod of the job."""
_WEIGHT = 100


def build_affinity(plan: JobPlan) -> dict[str, Any] | None:
    """`affinity`: the job's pods together or apart; None where the job does not mind.

    Pods that require each other do start: the scheduler lets the first of them in, since it matches its own
    term (kubernetes v1.36 pkg/scheduler/framework/plugins/interpodaffinity/filtering.go).
    """
    found: dict[str, dict[str, list[Any]]] = {}
    for wish in plan.placement.neighbours:
        kind = "podAntiAffinity" if wish.is_apart else "podAffinity"
        found.setdefault(kind, {}).update(_terms(wish, plan))
    return found or None


def build_spread_constraints(plan: JobPlan) -> list[dict[str, Any]]:
    """`topologySpreadConstraints` over the job's pods."""
    return [_constraint(spread, plan) for spread in plan.placement.spreads]


def _terms(wish: Neighbours, plan: JobPlan) -> dict[str, list[Any]]:
    term = {"topologyKey": wish.topology_key, "labelSelector": select_pods(plan)}
    if wish.is_strict:
        return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    preferred = {"weight": _WEIGHT, "podAffinityTerm": term}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}


def _constraint(spread: Spread, plan: JobPlan) -> dict[str, Any]:
    return {
        "maxSkew": spread.max_skew,
        "topologyKey": spread.topology_key,
        "whenUnsatisfiable": "DoNotSchedule" if spread.is_strict else "ScheduleAnyway",
        "labelSelector": select_pods(plan),
    }


def select_pods(plan: JobPlan) -> dict[str, Any]:
    """The label selector of the job's pods, by the label that the operator writes."""
    return {"matchLabels": {_JOB_NAME_LABEL: plan.name}}
