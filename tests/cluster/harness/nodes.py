"""Fake nodes: objects that kwok keeps Ready and the real scheduler binds pods to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.api import Api, wait_until

GPU_RESOURCE = "nvidia.com/gpu"
GPU_TYPE_LABEL = "nvidia.com/gpu.product"


@dataclass(frozen=True, kw_only=True)
class FakeNode:
    """A machine of the fake data centre.

    Attributes:
        gpus: Allocatable GPUs.
        gpu_type: Value of the label that NVIDIA's device discovery writes.
        memory: As Kubernetes writes quantities.
    """

    name: str
    gpus: int = 4
    gpu_type: str = "NVIDIA-A100-SXM4-80GB"
    cpu: str = "32"
    memory: str = "128Gi"
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()


def add_node(api: Api, node: FakeNode, *, log_port: int | None = None) -> None:
    """Creates the node; `log_port`: where the API server fetches the lines of its pods, on loopback."""
    api.request("POST", "/api/v1/nodes", _object(node, log_port))


def wait_ready(api: Api, count: int) -> None:
    """Waits until so many nodes are Ready and no longer carry the taint that they are not."""
    wait_until(
        lambda: [node for node in api.request("GET", "/api/v1/nodes")["items"] if _takes_pods(node)],
        lambda ready: len(ready) >= count,
        what=f"{count} nodes that take pods",
    )


def _takes_pods(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", [])
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    taints = node["spec"].get("taints", [])
    return ready and not any(taint["key"].startswith("node.kubernetes.io/") for taint in taints)


def _object(node: FakeNode, log_port: int | None) -> dict[str, Any]:
    resources = {"cpu": node.cpu, "memory": node.memory, "pods": "250", "ephemeral-storage": "500Gi"}
    gpus = {GPU_RESOURCE: str(node.gpus)} if node.gpus else {}
    labels = {GPU_TYPE_LABEL: node.gpu_type} if node.gpus else {}
    endpoint = {"daemonEndpoints": {"kubeletEndpoint": {"Port": log_port}}} if log_port else {}
    return {
        "metadata": {
            "name": node.name,
            "labels": {
                "type": "kwok",
                "kubernetes.io/hostname": node.name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                **labels,
                **node.labels,
            },
        },
        "spec": {"taints": [dict(taint) for taint in node.taints]} if node.taints else {},
        "status": {
            "capacity": {**resources, **gpus},
            "allocatable": {**resources, **gpus},
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": node.name},
            ],
            **endpoint,
        },
    }
