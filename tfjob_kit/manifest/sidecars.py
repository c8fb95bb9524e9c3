"""Native sidecars of a pod: init containers that the kubelet keeps running beside the training."""

from __future__ import annotations

from typing import Any

from tfjob_kit.manifest.volumes import build_mounts
from tfjob_kit.plan import JobPlan, Role, Sidecar

__all__ = ["build_sidecars"]


def build_sidecars(plan: JobPlan, role: Role) -> list[dict[str, Any]]:
    """The sidecars of a role's pods, in the order in which they start; within pod security *restricted*."""
    return [_container(sidecar, role, pull_policy=plan.image_pull_policy) for sidecar in plan.sidecars]


def _container(sidecar: Sidecar, role: Role, *, pull_policy: str | None) -> dict[str, Any]:
    fields = {
        "name": sidecar.name,
        "image": sidecar.image,
        "imagePullPolicy": pull_policy,
        "command": list(sidecar.command),
        "args": list(sidecar.args),
        "env": [{"name": name, "value": value} for name, value in sidecar.env],
        "restartPolicy": "Always",
        "resources": {"requests": dict(sidecar.resources), "limits": dict(sidecar.resources)},
        "volumeMounts": build_mounts(sidecar.mounts, volumes=role.mounts),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {name: value for name, value in fields.items() if value}
