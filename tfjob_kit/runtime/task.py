"""Who this replica is: TF_CONFIG, read once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Task:
    """This replica's place in the job.

    Attributes:
        role: `chief`, `worker` or `evaluator`; `chief` when TF_CONFIG is absent.
        index: Index within the role.
        rank: Position among all training replicas: chief first, then workers by index.
        world_size: Training replicas of the whole job (chief and workers).
        peers: `host:port` of TensorFlow's server of each training replica, by `role-index`, in rank order,
            this one included; empty when there is only one.
    """

    role: str
    index: int
    rank: int
    world_size: int
    peers: dict[str, str]

    @property
    def name(self) -> str:
        """`chief-0`, `worker-1`."""
        return f"{self.role}-{self.index}"

    @property
    def is_chief(self) -> bool:
        """The one replica that writes checkpoints and progress: the chief, or worker-0 where there is none."""
        return self.rank == 0 and self.role != "evaluator"
