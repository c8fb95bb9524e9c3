"""How replicas use their GPUs and the network between them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tfjob_kit.config.schema.field import Duration, key


class GpuMemoryMode(enum.Enum):
    """How a replica takes the memory of its GPUs."""

    exclusive = "exclusive"
    growth = "growth"
    fraction = "fraction"
    limit = "limit"
    async_ = "async"


class Collectives(enum.Enum):
    """`tf.distribute.experimental.CommunicationImplementation`."""

    auto = "auto"
    ring = "ring"
    nccl = "nccl"


@dataclass(frozen=True, kw_only=True)
class GpuMemoryConfig:
    """How a replica takes the memory of its GPUs."""

    mode: GpuMemoryMode = key(GpuMemoryMode.fraction, "Way of allocation")
    fraction: float = key(0.85, "Share of each card's total, for mode fraction", minimum=0.05, maximum=1.0)
    limit_mib: int | None = key(None, "MiB (2^20 bytes) of each card, for mode limit", minimum=256)


@dataclass(frozen=True, kw_only=True)
class CommunicationConfig:
    """How replicas exchange gradients."""

    implementation: Collectives = key(Collectives.auto, "Collectives")
    bytes_per_pack: int = key(0, "Bytes of gradients per all-reduce; 0: TensorFlow decides", minimum=0)
    heartbeat_timeout: Duration = key(10, "Seconds until TensorFlow counts a silent peer as lost", minimum=5)
    env: dict[str, str] = key({}, "Variables of each replica, e.g. NCCL_SOCKET_IFNAME")
    rdma_resource: str | None = key(
        None, "Resource of an RDMA device, e.g. rdma/hca_shared_devices_a: one per replica, with IPC_LOCK"
    )
    host_network: bool = key(False, "Pods share the network of their node, cluster names included")
