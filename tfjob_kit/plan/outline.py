"""A plan for people, before anything is sent: one row for each thing that a mistake in it would be costly."""

from __future__ import annotations

from typing import Any, cast

from tfjob_kit import contract
from tfjob_kit.config import schema
from tfjob_kit.plan.job_plan import JobPlan, Mount, Role
from tfjob_kit.plan.placement import NODE_LABELS

__all__ = ["outline_plan"]


def outline_plan(
    plan: JobPlan, *, config: schema.RunConfig, has_images: bool = True, keeps_scratch: bool = False
) -> tuple[tuple[str, str], ...]:
    """Rows of label and text: what is created, of what, and where its results go.

    Args:
        plan: The plan.
        config: Its config.
        has_images: The engine runs images on nodes; else the processes of this machine.
        keeps_scratch: The engine keeps the pods' scratch space while the job is.
    """
    rows = [
        ("creates", ", ".join(_created(plan))),
        ("image", _image(plan) if has_images else ""),
        ("replica", _replica(plan) if has_images else ""),
        ("gpus", _sharing(plan) if has_images else ""),
        ("where", _where(plan) if has_images else ""),
        ("network", _network(plan) if has_images else ""),
        ("sidecars", _sidecars(plan) if has_images else ""),
        ("queue", _queue(plan) if has_images else ""),
        ("gang", _gang(plan) if has_images else ""),
        ("suspended", "until `tfjob-kit resume`" if plan.suspend and not plan.queue else ""),
        ("output" if config.command else "checkpoints", _output(plan, config, keeps_scratch=keeps_scratch)),
        ("code", _code(plan)),
    ]
    return tuple((label, text) for label, text in rows if text)


def _created(plan: JobPlan) -> list[str]:
    created = [f"tfjob/{plan.name} in namespace {plan.namespace}"]
    if plan.code_name is not None:
        created.append(f"configmap/{plan.code_name}")
    return created + ([f"poddisruptionbudget/{plan.name}"] if plan.protect_from_drain else [])


def _image(plan: JobPlan) -> str:
    """The image of each replica; by role where overlays make a difference."""
    images: dict[str, list[str]] = {}
    for role in plan.roles:
        images.setdefault(_image_of(role) or plan.image, []).append(role.name.lower())
    if len(images) == 1:
        return next(iter(images))
    return "; ".join(f"{' and '.join(names)}: {image}" for image, names in images.items())


def _image_of(role: Role) -> str | None:
    """What an overlay of the role says, the last one first."""
    for overlay in reversed(role.overlays):
        spec = cast("dict[str, Any]", overlay.fields.get("spec") or {})
        containers = cast("list[dict[str, Any]]", spec.get("containers") or [])
        images = [c.get("image") for c in containers if c.get("name") == contract.CONTAINER_NAME]
        if images and images[0]:
            return str(images[0])
    return None


def _replica(plan: JobPlan) -> str:
    """What each replica gets; by role where roles differ."""
    alike: dict[str, list[str]] = {}
    for role in plan.roles:
        alike.setdefault(_resources(role), []).append(role.name.lower())
    if len(alike) == 1:
        return next(iter(alike))
    return "; ".join(f"{' and '.join(names)}: {text}" for text, names in alike.items())


def _resources(role: Role) -> str:
    return ", ".join(_resource(name, amount) for name, amount in role.resources.items())


def _resource(name: str, amount: str) -> str:
    names = {"cpu": "CPU", "memory": "memory"}
    return f"{amount} {names.get(name, name)}"


def _sidecars(plan: JobPlan) -> str:
    return ", ".join(f"{sidecar.name} ({sidecar.image})" for sidecar in plan.sidecars)


def _queue(plan: JobPlan) -> str:
    if plan.queue is None or plan.queue_priority is None:
        return plan.queue or ""
    return f"{plan.queue}, priority {plan.queue_priority}"


def _gang(plan: JobPlan) -> str:
    if plan.scheduling is None:
        return ""
    count, replicas = plan.scheduling.min_available, plan.replicas
    together = "all start together" if count == replicas else f"{count} of {replicas} start together"
    return f"{together}, if the operator has a gang scheduler"


def _sharing(plan: JobPlan) -> str:
    if not (plan.gpus and plan.topology.gpu_type.is_shared):
        return ""
    return "time-sliced: several replicas, and other jobs, may be on one card and in its memory"


def _where(plan: JobPlan) -> str:
    labels = [f"{name}={value}" for name, value in plan.chief.node_selector.items()]
    placement = plan.placement
    wishes = [
        f"{'apart' if wish.is_apart else 'together'} by {_short(wish.topology_key)}"
        for wish in placement.neighbours
    ] + [f"evenly by {_short(spread.topology_key)}" for spread in placement.spreads]
    is_strict = any(wish.is_strict for wish in (*placement.neighbours, *placement.spreads))
    parts = [f"nodes with {', '.join(labels)}"] if labels else []
    if wishes:
        parts.append(f"{' and '.join(wishes)}, {'or not at all' if is_strict else 'if possible'}")
    return "; ".join(parts)


def _short(topology_key: str) -> str:
    return next((name for name, label in NODE_LABELS.items() if label == topology_key), topology_key)


def _network(plan: JobPlan) -> str:
    parts: list[str] = []
    if plan.network.is_host:
        ports = ", ".join(str(port) for port in plan.ports.values())
        parts.append(f"of the node, ports {ports} included: no two such replicas on one node")
    if plan.network.devices:
        parts.append(f"RDMA by {', '.join(plan.network.devices)}")
    return "; ".join(parts)


def _output(plan: JobPlan, config: schema.RunConfig, *, keeps_scratch: bool) -> str:
    folder = config.output.dir
    path = folder if config.command else f"{folder.rstrip('/')}/checkpoints"
    place = _place(_mount_of(folder, plan.chief.mounts))
    if place is not None:
        return f"{path} in {place}"
    return f"{path}, kept with the job" if keeps_scratch else f"{path}, gone with the chief's pod: no claim"


def _place(mount: Mount | None) -> str | None:
    """What outlives the pod, for people."""
    source = {} if mount is None else mount.source
    if "persistentVolumeClaim" in source:
        return f"claim `{source['persistentVolumeClaim']['claimName']}`"
    if "nfs" in source:
        return f"NFS export `{source['nfs']['server']}:{source['nfs']['path']}`"
    return f"directory `{source['hostPath']['path']}` of the node" if "hostPath" in source else None


def _mount_of(path: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """The mount that a path lies in: the one with the longest path."""
    covering = [m for m in mounts if path == m.path or path.startswith(f"{m.path.rstrip('/')}/")]
    return max(covering, key=lambda mount: len(mount.path), default=None)


def _code(plan: JobPlan) -> str:
    if plan.code is None:
        return ""
    count, size = len(plan.code.files), -(-plan.code.size // 1024)
    return f"{count} {'file' if count == 1 else 'files'}, {size} KiB, at {contract.CODE_PATH}"
