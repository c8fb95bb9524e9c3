"""TF_CONFIG exactly as the operator writes it (pkg/controller.v1/tensorflow/tensorflow.go)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.defaults import ROLE_ORDER, tf_port, with_defaults

__all__ = ["AddressOf", "service_addresses", "tf_config"]

AddressOf = Callable[[str, int], str]
"""`host:port` of a replica's TensorFlow server by lower-case role and index."""


def service_addresses(job: Object) -> AddressOf:
    """Addresses as in a cluster: each replica's headless Service."""
    roles: dict[str, Object] = {
        name.lower(): role for name, role in with_defaults(job)["spec"]["tfReplicaSpecs"].items()
    }
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    return lambda role, index: f"{name}-{role}-{index}.{namespace}.svc:{tf_port(roles[role])}"


def tf_config(job: Object, *, role: str, index: int, address_of: AddressOf | None = None) -> str | None:
    """The variable's value for one replica; None when the job has one replica in all.

    Args:
        job: The TFJob, with or without defaults.
        role: In any case.
        index: Within the role.
        address_of: Where replicas are; None: at their Services.
    """
    spec: Object = with_defaults(job)["spec"]
    sizes: dict[str, int] = {name: part["replicas"] for name, part in spec["tfReplicaSpecs"].items()}
    if sum(size for name, size in sizes.items() if name in ROLE_ORDER) == 1:
        return None
    where = address_of or service_addresses(job)
    cluster = {
        name.lower(): [where(name.lower(), i) for i in range(size)] for name, size in sorted(sizes.items())
    }
    task = {"type": role.lower(), "index": index}
    value: dict[str, Any] = {"cluster": dict(sorted(cluster.items())), "task": task, "environment": "cloud"}
    if spec.get("enableDynamicWorker"):
        value = {"cluster": _sparse(cluster, role=role.lower(), index=index), "task": task}
    return json.dumps(value, separators=(",", ":"))


def _sparse(cluster: dict[str, list[str]], *, role: str, index: int) -> dict[str, Any]:
    if role == "ps":
        return {"worker": {}, "ps": [cluster["ps"][index]]}
    if role == "worker":
        return {"worker": {str(index): cluster["worker"][index]}, "ps": cluster.get("ps")}
    return {"worker": {}, "ps": []}
