"""Where the pods of a job may run: nodes, neighbours, and who places them.

Rules: kubernetes v1.36 pkg/apis/core/validation, which the CRD does not apply to a pod template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan import references
from tfjob_kit.plan.gpu_types import GpuType
from tfjob_kit.plan.tolerations import check_toleration

__all__ = [
    "NODE",
    "NODE_LABELS",
    "Neighbours",
    "Placement",
    "Spread",
    "make_node_selector",
    "make_placement",
    "make_tolerations",
]

NODE = "kubernetes.io/hostname"
NODE_LABELS = {"node": NODE, "zone": "topology.kubernetes.io/zone"}
"""Short names of labels that every cluster has."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """How close the pods of one job shall be.

    Attributes:
        topology_key: Label of nodes: pods are together where its value is the same.
        is_apart: No two of them together; else all of them.
        is_strict: Pods wait until it can be kept.
    """

    topology_key: str
    is_apart: bool
    is_strict: bool


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Pods of one job evenly over the values of a label of nodes.

    Attributes:
        max_skew: Largest difference between two values' numbers of pods.
        is_strict: Pods wait until it can be kept.
    """

    topology_key: str
    max_skew: int
    is_strict: bool


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What all pods of a job have in common; node selectors and tolerations differ by role."""

    service_account: str | None
    scheduler: str | None
    runtime_class: str | None
    neighbours: tuple[Neighbours, ...]
    spreads: tuple[Spread, ...]


def make_placement(config: schema.RunConfig) -> Placement:
    """The placement that `placement` asks for.

    Raises:
        InvalidValue: A name or label that cannot be, or wishes that contradict each other.
    """
    chosen = config.placement
    _check_names(chosen)
    return Placement(
        service_account=chosen.service_account,
        scheduler=chosen.scheduler,
        runtime_class=chosen.runtime_class,
        neighbours=_neighbours(config),
        spreads=tuple(
            Spread(
                topology_key=_label(name, where=f"placement.topology_spread.{name}"),
                max_skew=_skew(skew, where=f"placement.topology_spread.{name}"),
                is_strict=chosen.strict,
            )
            for name, skew in chosen.topology_spread.items()
        ),
    )


def make_node_selector(config: schema.RunConfig, *, gpu_type: GpuType | None) -> dict[str, str]:
    """Labels that a node must have: those of the GPU type and the user's.

    Args:
        config: The run.
        gpu_type: Of the replica's GPUs; None for a replica without.

    Raises:
        InvalidValue: A label that no node can have, or another value than the GPU type needs.
    """
    needed = {} if gpu_type is None else gpu_type.node_selector
    for key, value in config.placement.node_selector.items():
        where = f"placement.node_selector.{key}"
        references.check_label(key, value, where=where)
        if needed.get(key, value) != value and gpu_type is not None:
            raise errors.InvalidValue(
                f"nodes of GPU type `{gpu_type.name}` have `{key}={needed[key]}`, not `{value}`",
                where=where,
                hint=f"drop it, or choose another type in `gpus={gpu_type.name}:N`",
            )
    return needed | config.placement.node_selector


def make_tolerations(config: schema.RunConfig, *, gpu_type: GpuType | None) -> tuple[dict[str, Any], ...]:
    """Those of the site, the GPU type and the run, each once.

    Args:
        config: The run.
        gpu_type: Of the replica's GPUs; None for a replica without.

    Raises:
        InvalidValue: Kubernetes would refuse one.
    """
    found: list[dict[str, Any]] = []
    of_type = () if gpu_type is None else gpu_type.tolerations
    for key, tolerations in (
        ("site.tolerations", config.site.tolerations),
        (f"site.gpu_types.{gpu_type and gpu_type.name}.tolerations", of_type),
        ("placement.tolerations", config.placement.tolerations),
    ):
        for number, toleration in enumerate(tolerations):
            check_toleration(toleration, where=f"{key}[{number}]")
            found += [toleration] if toleration not in found else []
    return tuple(found)


def _check_names(chosen: schema.PlacementConfig) -> None:
    for key, kind in (
        ("service_account", "ServiceAccount"),
        ("scheduler", "scheduler"),
        ("runtime_class", "RuntimeClass"),
    ):
        name: str | None = getattr(chosen, key)
        if name is not None:
            references.check_object(name, where=f"placement.{key}", kind=kind)


def _neighbours(config: schema.RunConfig) -> tuple[Neighbours, ...]:
    chosen = config.placement
    wishes = {
        key: _label(name, where=f"placement.{key}")
        for key, name in (("pack_by", chosen.pack_by), ("spread_by", chosen.spread_by))
        if name is not None
    }
    if len(wishes) > len(set(wishes.values())):
        raise errors.InvalidValue(
            f"replicas cannot be together and apart on one `{chosen.spread_by}`",
            where="placement.spread_by",
            hint="pack by the wider label, spread by the narrower: "
            "`placement.pack_by=zone placement.spread_by=node`",
        )
    if wishes.get("pack_by") == NODE and config.communication.host_network:
        raise errors.InvalidValue(
            "replicas with the network of their node need its ports alone, so no two fit on one node",
            where="placement.pack_by",
            hint="`placement.pack_by=zone`, or `communication.host_network=false`",
        )
    return tuple(
        Neighbours(topology_key=label, is_apart=key == "spread_by", is_strict=chosen.strict)
        for key, label in wishes.items()
    )


def _label(name: str, *, where: str) -> str:
    return NODE_LABELS.get(name) or references.check_label_key(name, where=where)


def _skew(skew: int, *, where: str) -> int:
    if skew < 1:
        raise errors.InvalidValue(
            f"a difference of {skew} cannot be kept", where=where, hint=f"write 1 or more: `{where}=1`"
        )
    return skew
