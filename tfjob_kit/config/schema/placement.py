"""Where pods may run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfjob_kit.config.schema.field import Label, key


@dataclass(frozen=True, kw_only=True)
class PlacementConfig:
    """Where pods may run.

    `pack_by`, `spread_by` and the keys of `topology_spread` name a label of nodes; `node` and `zone` stand
    for kubernetes.io/hostname and topology.kubernetes.io/zone.
    """

    node_selector: dict[str, Label] = key({}, "Labels that a node must have")
    tolerations: list[dict[str, Any]] = key([], "Tolerations as Kubernetes writes them")
    pack_by: str | None = key(None, "Replicas together on one: node, zone or a label of nodes")
    spread_by: str | None = key(None, "Replicas apart, one on each: node, zone or a label of nodes")
    topology_spread: dict[str, int] = key(
        {}, "Replicas spread evenly: node, zone or a label -> largest difference between two of them"
    )
    strict: bool = key(
        False, "true: pods wait until packing and spreading can be kept; false: as far as possible"
    )
    service_account: str | None = key(None, "ServiceAccount of the pods")
    scheduler: str | None = key(None, "Scheduler of the pods; null: the cluster's default")
    runtime_class: str | None = key(None, "RuntimeClass of the pods, e.g. nvidia")
