"""How many GPUs a job gets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """GPUs of a whole job: `4`, `2x4`, `A100:4`, `0`.

    Attributes:
        replicas: `4` is four replicas of one GPU each, `2x4` two of four; 0 for `0` (CPU).
        per_replica: GPUs of each replica; 0 for CPU.
        type: What stands before the colon, a key of `site.gpu_types`; None for `site.gpu_resource`.
    """

    replicas: int
    per_replica: int
    type: str | None = None

    @property
    def total(self) -> int:
        """GPUs of the whole job."""
        return self.replicas * self.per_replica
