"""Native sidecars of a pod: init containers that the kubelet keeps running beside the training."""

from __future__ import annotations

from typing import Any

from tfjob_kit.plan import JobPlan, Mount, Sidecar

__all__ = ["build_sidecars"]


def build_sidecars(plan: JobPlan) -> list[dict[str, Any]]:
    """The sidecars of every pod, in the order in which they start; within pod security *restricted*."""
    return [_container(sidecar, pull_policy=plan.image_pull_policy) for sidecar in plan.sidecars]


def _container(sidecar: Sidecar, *, pull_policy: str | None) -> dict[str, Any]:
    fields = {
        "name": sidecar.name,
        "image": sidecar.image,
        "imagePullPolicy": pull_policy,
        "command": list(sidecar.command),
        "args": list(sidecar.args),
        "env": [{"name": name, "value": value} for name, value in sidecar.env],
        "restartPolicy": "Always",
        "resources": {"requests": dict(sidecar.resources), "limits": dict(sidecar.resources)},
        "volumeMounts": [_mount(mount) for mount in sidecar.mounts],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {name: value for name, value in fields.items() if value}


def _mount(mount: Mount) -> dict[str, Any]:
    fields = {
        "name": mount.name,
        "mountPath": mount.path,
        "subPath": mount.sub_path,
        "readOnly": mount.read_only,
    }
    return {name: value for name, value in fields.items() if value}
