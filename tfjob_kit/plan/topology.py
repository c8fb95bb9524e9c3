"""How many replicas of which role, their GPUs and their share of the batch."""

from __future__ import annotations

from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.gpu_types import GpuType, check_gpus_per_replica, check_memory_limit, choose_gpu_type


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Replicas and GPUs of a job.

    Attributes:
        chief: Always 1.
        workers: Replicas beside the chief.
        gpus_per_replica: 0 for CPU training.
        gpu_type: What one GPU is; also where there is none.
        global_batch_size: Examples per step of the whole job.
    """

    chief: int = 1
    workers: int
    gpus_per_replica: int
    gpu_type: GpuType
    global_batch_size: int

    @property
    def gpu_resource(self) -> str:
        """Resource name of one GPU, e.g. `nvidia.com/gpu`."""
        return self.gpu_type.resource

    @property
    def replicas(self) -> int:
        """Replicas of the whole job."""
        return self.chief + self.workers

    @property
    def gpus(self) -> int:
        """GPUs of the whole job."""
        return self.replicas * self.gpus_per_replica

    @property
    def devices(self) -> int:
        """Devices that train: GPUs, or one CPU per replica."""
        return self.gpus or self.replicas

    @property
    def batch_per_replica(self) -> int:
        """Examples per step on each replica."""
        return self.global_batch_size // self.replicas

    @property
    def batch_per_device(self) -> int:
        """Examples per step on each GPU (or CPU replica)."""
        return self.global_batch_size // self.devices


def make_topology(config: schema.RunConfig) -> Topology:
    """The replicas, GPUs and batch that the config asks for: one Chief, the others Workers.

    Raises:
        UnknownChoice: A GPU type that `site.gpu_types` has not.
        RefusedError: GPUs that `replicas` cannot share evenly or a replica cannot use, more memory than
            they have, or a batch that the devices cannot share.
    """
    gpu_type = choose_gpu_type(config)
    replicas, gpus_per_replica = _share_gpus(config)
    check_gpus_per_replica(gpu_type, gpus_per_replica, total=replicas * gpus_per_replica)
    check_memory_limit(gpu_type, config.gpu_memory)
    topology = Topology(
        workers=replicas - 1,
        gpus_per_replica=gpus_per_replica,
        gpu_type=gpu_type,
        global_batch_size=config.train.global_batch_size,
    )
    if not config.command:
        _check_batch(topology)
    return topology


def _share_gpus(config: schema.RunConfig) -> tuple[int, int]:
    size, replicas = config.gpus, config.replicas
    prefix = f"gpus={size.type}:" if size.type else "gpus="
    if size.total == 0:
        return replicas or 1, 0
    if replicas is None or replicas == size.replicas:
        return size.replicas, size.per_replica
    if size.per_replica > 1:
        raise errors.RefusedError(
            f"`{prefix}{size.replicas}x{size.per_replica}` means {size.replicas} replicas, not {replicas}",
            where="replicas",
            hint=f"drop `replicas`, or write `{prefix}{size.total} replicas={replicas}`",
        )
    if size.total % replicas:
        sizes = [f"{prefix}{number}" for number in _multiples_around(size.total, replicas) if number]
        raise errors.RefusedError(
            f"{replicas} replicas cannot share {size.total} GPUs evenly",
            where="replicas",
            nearest=tuple(sizes),
            hint="every replica gets the same number of GPUs: "
            + " or ".join(f"`{each} replicas={replicas}`" for each in sizes),
        )
    return replicas, size.total // replicas


def _check_batch(topology: Topology) -> None:
    batch, devices = topology.global_batch_size, topology.devices
    if batch % devices == 0:
        return
    sizes = [n for n in _multiples_around(batch, devices) if n]
    kind = "GPUs" if topology.gpus else "CPU replicas"
    raise errors.RefusedError(
        f"a global batch of {batch} examples cannot be divided among {devices} {kind}",
        where="train.global_batch_size",
        nearest=tuple(str(n) for n in sizes),
        hint="use " + " or ".join(f"`train.global_batch_size={n}`" for n in sizes),
    )


def _multiples_around(number: int, step: int) -> tuple[int, int]:
    below = number // step * step
    return below, below + step
