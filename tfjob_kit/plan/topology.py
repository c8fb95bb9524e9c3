"""How many replicas of which role, their GPUs and their share of the batch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Replicas and GPUs of a job.

    Attributes:
        chief: Always 1.
        workers: Replicas beside the chief.
        gpus_per_replica: 0 for CPU training.
        gpu_resource: Resource name of one GPU, e.g. `nvidia.com/gpu`.
        global_batch_size: Examples per step of the whole job.
    """

    chief: int = 1
    workers: int
    gpus_per_replica: int
    gpu_resource: str
    global_batch_size: int

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
    def batch_per_device(self) -> int:
        """Examples per step on each GPU (or CPU replica)."""
        return self.global_batch_size // self.devices
