"""Security contexts: as little as the job can do with.

Pods pass the standard `restricted` unless the config asks for what it forbids.
"""

from __future__ import annotations

from typing import Any

from tfjob_kit.plan import JobPlan

__all__ = ["build_container_security", "build_pod_security"]

_SECCOMP = {"seccompProfile": {"type": "RuntimeDefault"}}


def build_pod_security(plan: JobPlan) -> dict[str, Any]:
    """`securityContext` of a pod: one user for all containers, and volumes that it can write to.

    Without a chosen user nothing is said about it: the image's own may be root.
    """
    user = plan.run_as_user
    if user is None:
        return dict(_SECCOMP)
    return {
        **({"runAsNonRoot": True} if user else {}),
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        **_SECCOMP,
    }


def build_container_security(plan: JobPlan) -> dict[str, Any]:
    """`securityContext` of the training's container."""
    added = {"add": list(plan.network.capabilities)} if plan.network.capabilities else {}
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], **added}}
