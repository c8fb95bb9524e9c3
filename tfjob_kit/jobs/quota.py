"""What the quotas of a namespace leave for a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tfjob_kit.cluster import port
from tfjob_kit.jobs.demand import Demand, amount, quantities
from tfjob_kit.jobs.replica_view import part

__all__ = ["QuotaFit", "judge_quotas"]

_PLAIN = ("cpu", "memory", "ephemeral-storage")


@dataclass(frozen=True, kw_only=True)
class QuotaFit:
    """Why quotas stand in the way; empty texts: they do not.

    Attributes:
        never: The job needs more than a quota grants at all.
        now: It needs more than a quota has left.
    """

    never: str = ""
    now: str = ""


def judge_quotas(asked: Sequence[Demand], quotas: Sequence[port.Object]) -> QuotaFit:
    """Judges against every quota that counts all pods; one with scopes may not count these."""
    never, now = "", ""
    for quota in quotas:
        if part(quota, "spec").get("scopes") or part(quota, "spec").get("scopeSelector"):
            continue
        name = quota["metadata"]["name"]
        used = quantities(part(quota, "status", "used"))
        for key, hard in quantities(part(quota, "spec", "hard")).items():
            need, left = _need(key, asked), max(hard - used.get(key, Decimal(0)), Decimal(0))
            plain = _plain(key)
            what = f"quota `{name}`: the job needs {amount(plain, need)} {key}"
            if need > hard:
                never = never or f"{what}, it grants {amount(plain, hard)}"
            elif need > left:
                now = now or f"{what}, {amount(plain, left)} of {amount(plain, hard)} are left"
    return QuotaFit(never=never, now=now)


def _need(key: str, asked: Sequence[Demand]) -> Decimal:
    """What the whole job counts for in one line of a quota."""
    replicas = Decimal(sum(demand.count for demand in asked))
    if key in ("pods", "count/pods", "services", "count/services"):
        return replicas
    if key == "count/tfjobs.kubeflow.org":
        return Decimal(1)
    if key.startswith("limits."):
        name = key.removeprefix("limits.")
        return sum((d.limits.get(name, Decimal(0)) * d.count for d in asked), Decimal(0))
    if key.startswith("requests.") or key in _PLAIN:
        name = key.removeprefix("requests.")
        return sum((d.resources.get(name, Decimal(0)) * d.count for d in asked), Decimal(0))
    return Decimal(0)


def _plain(key: str) -> str:
    return key.removeprefix("requests.").removeprefix("limits.")
