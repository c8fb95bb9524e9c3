"""What every node has one of, counted beside its resources: each host port, room for one replica of a job.

Rules: kubernetes v1.36 pkg/scheduler/framework/plugins/{nodeports,interpodaffinity}.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tfjob_kit.cluster import port
from tfjob_kit.jobs.replica_view import items, part

__all__ = ["is_slot", "ports_of", "slot_of_a_job", "there"]

_PORT = "host port "
_OWN = "a node of its own"
_HOSTNAME = "kubernetes.io/hostname"


def is_slot(name: str) -> bool:
    """Whether the name is that of a slot, not of a resource."""
    return name == _OWN or name.startswith(_PORT)


def there(name: str, amounts: dict[str, Decimal]) -> Decimal:
    """How much there is of a resource or slot; a slot that nobody mentions is free on every node."""
    return amounts.get(name, Decimal(int(is_slot(name))))


def ports_of(spec: port.Object) -> dict[str, Decimal]:
    """The ports of its node that a pod takes: all of its ports under hostNetwork."""
    field = "containerPort" if spec.get("hostNetwork") else "hostPort"
    containers = [*items(spec, "containers"), *items(spec, "initContainers")]
    ports = [
        entry[field] for container in containers for entry in items(container, "ports") if field in entry
    ]
    return {f"{_PORT}{number}": Decimal(1) for number in ports}


def slot_of_a_job(spec: port.Object) -> dict[str, Decimal]:
    """One where no two replicas of the job may be on one node."""
    wishes = items(
        part(spec, "affinity", "podAntiAffinity"), "requiredDuringSchedulingIgnoredDuringExecution"
    )
    own = any(_is_about_the_job(wish) and wish.get("topologyKey") == _HOSTNAME for wish in wishes)
    return {_OWN: Decimal(1)} if own else {}


def _is_about_the_job(wish: dict[str, Any]) -> bool:
    selector = part(wish, "labelSelector")
    return list(part(selector, "matchLabels")) == [port.JOB_NAME_LABEL] and "matchExpressions" not in selector
