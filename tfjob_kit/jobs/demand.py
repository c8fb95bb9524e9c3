"""What the replicas of a TFJob ask of a node."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tfjob_kit.cluster import port
from tfjob_kit.jobs import slots
from tfjob_kit.jobs.replica_view import items, part
from tfjob_kit.plan.quantities import parse_quantity

__all__ = ["Demand", "amount", "quantities", "read_demands", "requests_of"]

_GIB = Decimal(2) ** 30
_MEASURED = ("memory", "ephemeral-storage")


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Replicas of one shape.

    Attributes:
        count: How many.
        resources: Of each: cores, bytes, devices, 1 of `pods` and of every slot of a node that it takes;
            zeros left out.
        limits: Likewise, its limits.
        selector: Labels that a node must have.
    """

    count: int
    resources: dict[str, Decimal]
    limits: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    selector: dict[str, str] = field(default_factory=dict[str, str])
    tolerations: tuple[dict[str, Any], ...] = ()

    @property
    def key_resource(self) -> str:
        """What the replica is mostly about: its GPU, else its cores."""
        devices = [name for name in self.resources if "/" in name]
        return devices[0] if devices else "cpu" if "cpu" in self.resources else "pods"

    def less(self, count: int) -> Demand:
        """So many fewer."""
        return dataclasses.replace(self, count=self.count - count)


def read_demands(job: port.Object) -> tuple[Demand, ...]:
    """The job's replicas, those of one shape together; roles without replicas left out."""
    found: list[Demand] = []
    for role in part(job, "spec", "tfReplicaSpecs").values():
        spec = part(role, "template", "spec")
        one = Demand(
            count=0,
            resources=requests_of(spec) | slots.slot_of_a_job(spec),
            limits=_sum(spec, "limits"),
            selector=dict(part(spec, "nodeSelector")),
            tolerations=tuple(items(spec, "tolerations")),
        )
        count = int(role.get("replicas", 1))
        same = next((d for d in found if dataclasses.replace(d, count=0) == one), one)
        found = [d for d in found if d is not same] + [dataclasses.replace(same, count=same.count + count)]
    return tuple(demand for demand in found if demand.count)


def requests_of(spec: port.Object) -> dict[str, Decimal]:
    """What the scheduler counts for a pod: requests, else limits; the pod itself; its host ports."""
    total = _sum(spec, "requests")
    used = {name: value for name, value in total.items() if value}
    return used | {"pods": Decimal(1)} | slots.ports_of(spec)


def quantities(resources: port.Object) -> dict[str, Decimal]:
    """Quantities of an object of the server as numbers."""
    return {name: parse_quantity(str(text), key=name) for name, text in resources.items()}


def amount(name: str, value: Decimal, *, unit: bool = False) -> str:
    """`4`, `12 nvidia.com/gpu`, `16 GiB memory`, `1.5 cpu`."""
    if name in _MEASURED:
        text = f"{value / _GIB:.1f}".removesuffix(".0") + " GiB"
    else:
        text = format(value.normalize(), "f") if value else "0"
    return f"{text} {name}" if unit else text


def _sum(spec: port.Object, kind: str) -> dict[str, Decimal]:
    """Over containers and native sidecars; an init container where it asks for more than what runs later.

    Source: kubernetes v1.36, component-helpers/resource/helpers.go, AggregateContainerRequests.
    """
    total: dict[str, Decimal] = {}
    for container in items(spec, "containers"):
        _add(total, _of_container(container, kind))
    sidecars, most = dict[str, Decimal](), dict[str, Decimal]()
    for container in items(spec, "initContainers"):
        asked = _of_container(container, kind)
        if container.get("restartPolicy") == "Always":
            _add(total, asked)
            _add(sidecars, asked)
            continue
        for name, value in asked.items():
            most[name] = max(most.get(name, Decimal(0)), value + sidecars.get(name, Decimal(0)))
    return {name: max(total.get(name, Decimal(0)), most.get(name, Decimal(0))) for name in total | most}


def _add(total: dict[str, Decimal], more: dict[str, Decimal]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, Decimal(0)) + value


def _of_container(container: port.Object, kind: str) -> dict[str, Decimal]:
    limits = quantities(part(container, "resources", "limits"))
    return limits if kind == "limits" else limits | quantities(part(container, "resources", "requests"))
