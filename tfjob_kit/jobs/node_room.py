"""How much of a node is there, how much of it is free, and who may use it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tfjob_kit.cluster import port
from tfjob_kit.jobs import slots
from tfjob_kit.jobs.demand import Demand, quantities, requests_of
from tfjob_kit.jobs.replica_view import items, part

__all__ = ["Room", "room_of"]

_PASSING = "node.kubernetes.io/"
"""Taints that the node controller sets and takes away: cordoned, not ready, out of disk."""
_UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


@dataclass(frozen=True, kw_only=True)
class Room:
    """One node.

    Attributes:
        allocatable: What pods may have in all: cores, bytes, devices, pods.
        free: What is left of it.
    """

    labels: dict[str, str]
    taints: tuple[dict[str, Any], ...]
    allocatable: dict[str, Decimal]
    free: dict[str, Decimal]

    def has_labels(self, demand: Demand) -> bool:
        """Whether the demand's node selector allows the node."""
        return demand.selector.items() <= self.labels.items()

    def takes(self, demand: Demand, *, now: bool) -> bool:
        """Whether pods of that kind may go here: now, or once the node is itself again."""
        return self.has_labels(demand) and not any(self.taints_against(demand, now=now))

    def taints_against(self, demand: Demand, *, now: bool = False) -> Iterator[str]:
        """Taints that keep the demand away, as kubectl writes them."""
        for taint in self.taints:
            passing = str(taint["key"]).startswith(_PASSING)
            if (now or not passing) and not any(_tolerates(t, taint) for t in demand.tolerations):
                value = f"={taint['value']}" if taint.get("value") else ""
                yield f"{taint['key']}{value}:{taint['effect']}"

    def count(self, demand: Demand) -> int:
        """Replicas of that kind that the free part holds."""
        return max(
            0,
            min(int(slots.there(name, self.free) // need) for name, need in demand.resources.items() if need),
        )

    def without(self, demand: Demand, count: int) -> Room:
        """The node with so many replicas more."""
        left = {
            name: slots.there(name, self.free) - demand.resources.get(name, Decimal(0)) * count
            for name in self.free | demand.resources
        }
        return dataclasses.replace(self, free=left)


def room_of(node: port.Object, *, pods: Sequence[port.Object]) -> Room:
    """A node, less what its pods hold.

    Args:
        node: As the server has it.
        pods: Pods of the whole cluster; those of other nodes and those that have ended do not count.
    """
    allocatable = quantities(part(node, "status", "allocatable"))
    free = dict(allocatable)
    for pod in pods:
        if part(pod, "spec").get("nodeName") == node["metadata"]["name"] and _holds(pod):
            for name, value in requests_of(part(pod, "spec")).items():
                free[name] = slots.there(name, free) - value
    return Room(
        labels=dict(part(node, "metadata", "labels")),
        taints=tuple(_taints(node)),
        allocatable=allocatable,
        free=free,
    )


def _holds(pod: port.Object) -> bool:
    return part(pod, "status").get("phase") not in ("Succeeded", "Failed")


def _taints(node: port.Object) -> Iterator[dict[str, Any]]:
    written = [t for t in items(part(node, "spec"), "taints") if t.get("effect") != "PreferNoSchedule"]
    yield from written
    keys = [taint["key"] for taint in written]
    if part(node, "spec").get("unschedulable") and _UNSCHEDULABLE["key"] not in keys:
        yield _UNSCHEDULABLE
    ready = [c for c in items(part(node, "status"), "conditions") if c.get("type") == "Ready"]
    if ready and ready[0].get("status") != "True" and _NOT_READY["key"] not in keys:
        yield _NOT_READY


def _tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool:
    """As the scheduler reads it (kubernetes v1.36, staging/src/k8s.io/component-helpers/scheduling)."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if (toleration.get("operator") or "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")
