"""What replicas take of their node beside what they ask for: ports, locked memory, cards that others use."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from tfjob_kit import contract
from tfjob_kit.lint.amount import amount_of
from tfjob_kit.lint.job import Job, Role, config_entry
from tfjob_kit.lint.part import Part
from tfjob_kit.lint.rule import Hit, Rule, Severity

__all__ = ["RULES"]

_MOST_OF_A_SHARED_CARD = 0.5


def _host_ports(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        main, network = role.tensorflow, role.pod.at("hostNetwork")
        if main is None or not network.is_true:
            continue
        given = [port.at("containerPort").integer for port in main.part.at("ports").items()]
        ports = ", ".join(str(port) for port in given if port is not None) or str(contract.TF_PORT)
        yield Hit(
            network,
            f"a replica takes the ports {ports} of its node: no two of them fit on one node, and none beside "
            "a replica of another such job",
        )


def _locked_memory(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        main = role.tensorflow
        if main is None:
            continue
        added = main.part.at("securityContext", "capabilities", "add")
        names = [item.text for item in added.items()]
        if "IPC_LOCK" in names and _is_not_root(role):
            yield Hit(
                added,
                "a program that is not root does not get IPC_LOCK: it locks no more memory than the node's "
                "memlock limit, and RDMA needs more",
            )


def _is_not_root(role: Role) -> bool:
    main = role.tensorflow
    contexts = [role.pod.at("securityContext")] + ([main.part.at("securityContext")] if main else [])
    users = [context.at("runAsUser").integer for context in contexts if context.at("runAsUser").exists]
    return bool(users[-1]) if users else any(c.at("runAsNonRoot").is_true for c in contexts)


def _shared_cards(job: Job) -> Iterator[Hit]:
    found: Any = job.config.get("gpu_memory")
    how = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    mode, share = how.get("mode", "fraction"), how.get("fraction", 0.85)
    takes = share if mode == "fraction" and isinstance(share, int | float) else float(mode == "exclusive")
    if takes <= _MOST_OF_A_SHARED_CARD:
        return
    for main in job.mains:
        for name, limit in main.part.at("resources", "limits").entries():
            if name.endswith("/gpu.shared") and config_entry(main) is not None:
                yield Hit(
                    limit,
                    f"a replica takes {takes:.0%} of the memory of a card that several pods share: the next "
                    "one on it finds too little",
                )


def _memory_volumes(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        main, sizes = role.tensorflow, list(_in_memory(role))
        limit = None if main is None else main.part.at("resources", "limits", "memory")
        total, memory = (
            sum((size for _, size in sizes), Decimal(0)),
            None if limit is None else amount_of(limit),
        )
        if limit is None or memory is None or len(sizes) < 2 or max(size for _, size in sizes) >= memory:
            continue
        if total >= memory:
            names = ", ".join(f"`{volume.at('name').text}`" for volume, _ in sizes)
            yield Hit(
                sizes[-1][0].at("emptyDir", "sizeLimit"),
                f"the volumes {names} count in the memory of {limit.value} and, when full, leave nothing to "
                "train with",
            )


def _in_memory(role: Role) -> Iterator[tuple[Part, Decimal]]:
    """Volumes in memory that have a size, and the size in bytes."""
    for volume in role.pod.at("volumes").items():
        size = amount_of(volume.at("emptyDir", "sizeLimit"))
        if volume.at("emptyDir", "medium").value == "Memory" and size is not None:
            yield volume, size


_RUNTIME = ["python", "-m", contract.RUNTIME_MODULE]
_SHARED_LIMITS = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu.shared": 1}
_FAST = [
    {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
    {"name": "checkpoints", "persistentVolumeClaim": {"claimName": "checkpoints"}},
]

RULES: tuple[Rule, ...] = (
    Rule(
        id="host-ports",
        severity=Severity.info,
        title="ports of nodes that one replica alone can have",
        check=_host_ports,
        fix="leave as many nodes free as there are replicas, or do without the network of the node",
        key_fix="leave as many nodes free as there are replicas, or set `communication.host_network=false`",
        source="Kubernetes v1.36: under hostNetwork the ports of a container become host ports, which the "
        "scheduler keeps apart (pkg/apis/core/v1/defaults.go, NodePorts)",
        good={"pod.hostNetwork": None},
        bad={"pod.hostNetwork": True, "pod.dnsPolicy": "ClusterFirstWithHostNet"},
    ),
    Rule(
        id="rdma-memlock",
        severity=Severity.warning,
        title="IPC_LOCK for a program that is not root",
        check=_locked_memory,
        fix="raise the memlock limit that the nodes' container runtime gives to containers (`ulimit -l` in a "
        "pod shows it), or run as root",
        key_fix="raise the memlock limit that the container runtime of nodes gives to pods (`ulimit -l` in "
        "a pod shows it), or set `site.run_as_user=0`",
        source="Kubernetes issue 56374: added capabilities are not ambient, so that only root has them (seen "
        "under kubelet v1.36 with containerd); setrlimit(2)",
        good={
            "main.securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
            "pod.securityContext": {"runAsUser": 0},
        },
        bad={
            "main.securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
            "pod.securityContext": {"runAsUser": 1000, "runAsNonRoot": True},
        },
    ),
    Rule(
        id="shared-gpu-memory",
        severity=Severity.warning,
        title="most of the memory of a time-sliced card",
        check=_shared_cards,
        fix="take a part of it",
        key_fix="use `gpu_memory=growth`, or `gpu_memory=limit` with the share of one replica",
        source="NVIDIA GPU Operator, time-slicing: no memory isolation between the pods on a card",
        good={
            "main.command": _RUNTIME,
            "main.resources": {"requests": _SHARED_LIMITS, "limits": _SHARED_LIMITS},
            "main.env": [{"name": contract.CONFIG_ENV, "value": "gpu_memory: {mode: growth}\n"}],
        },
        bad={
            "main.command": _RUNTIME,
            "main.resources": {"requests": _SHARED_LIMITS, "limits": _SHARED_LIMITS},
            "main.env": [{"name": contract.CONFIG_ENV, "value": "gpu_memory: {mode: exclusive}\n"}],
        },
    ),
    Rule(
        id="memory-volumes",
        severity=Severity.warning,
        title="volumes in memory as large as the memory limit",
        check=_memory_volumes,
        fix="raise the memory limit, or lower a volume's sizeLimit",
        key_fix="raise `resources.memory`, or lower a volume's `size_limit`",
        source="Kubernetes: what a memory-backed emptyDir holds counts in the container's memory",
        good={
            "pod.volumes": [*_FAST, {"name": "fast", "emptyDir": {"medium": "Memory", "sizeLimit": "4Gi"}}]
        },
        bad={
            "pod.volumes": [*_FAST, {"name": "fast", "emptyDir": {"medium": "Memory", "sizeLimit": "15Gi"}}]
        },
    ),
)
