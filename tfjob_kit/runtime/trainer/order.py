"""Which examples a step uses: pure arithmetic on whole numbers.

Training walks through positions 0, 1, 2, ... without end; step `k` of global batch `B` is positions `k*B`
to `(k+1)*B - 1`, replica `r` of `R` takes the `r`-th of `R` equal parts, and position `p` lies in epoch
`p // size`. So step `k` is a function of the seed and `k` alone, and the same for any number of replicas:
resume and resize go on with the very same examples. Written with operators only: numbers and tensors alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Part", "evaluation_steps"]

Whole = TypeVar("Whole")
"""An int, or a scalar int64 tensor."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one input pipeline (one process) makes: per-replica batches for its local replicas, in turn.

    Attributes:
        global_batch: Examples per step of the whole job; a multiple of `pipelines * local_replicas`.
        pipelines: Processes.
        pipeline: This process.
        local_replicas: Devices of each process.
    """

    global_batch: int
    pipelines: int
    pipeline: int
    local_replicas: int

    @property
    def replicas(self) -> int:
        """Devices of the whole job."""
        return self.pipelines * self.local_replicas

    @property
    def batch(self) -> int:
        """Examples per step and replica."""
        return self.global_batch // self.replicas

    def first_element(self, step: int) -> int:
        """The number of this pipeline's first element that belongs to `step`."""
        return step * self.local_replicas

    def first_position(self, element: Whole) -> Whole:
        """Where this pipeline's `element`-th batch begins; it is `batch` positions long."""
        step, local = element // self.local_replicas, element % self.local_replicas  # type: ignore[operator]
        replica = self.pipeline * self.local_replicas + local
        return step * self.global_batch + replica * self.batch


def evaluation_steps(size: int, *, global_batch: int) -> int:
    """Global batches that hold every evaluation example once; the last one is padded."""
    return -(-size // global_batch)
