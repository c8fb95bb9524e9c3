"""What is trained, on what, and how."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from tfjob_kit.config.schema.field import Duration, key


class Precision(enum.Enum):
    """Keras dtype policy."""

    float32 = "float32"
    mixed_bfloat16 = "mixed_bfloat16"
    mixed_float16 = "mixed_float16"


class ScheduleName(enum.Enum):
    """Learning rate over the steps."""

    constant = "constant"
    cosine = "cosine"


class OptimizerName(enum.Enum):
    """Optimizers as Keras has them."""

    sgd = "sgd"
    adam = "adam"
    adamw = "adamw"


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """What is trained: the file `models/<name>.py` and what its `build(params)` gets."""

    name: str = key("", "File models/<name>.py without its ending")
    params: dict[str, Any] = key({}, "Handed to build(params) and loss(params) as they are")


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What it is trained on: a source of the runtime and its settings."""

    name: str = key("", "Data source of the runtime: digits, imagenet_synthetic")
    params: dict[str, Any] = key({}, "Handed to the source as they are")


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """The optimizer and its constants."""

    name: OptimizerName = key(OptimizerName.adamw, "Optimizer")
    learning_rate: float = key(1e-3, "Peak learning rate", minimum=0)
    momentum: float = key(0.9, "Momentum of sgd", minimum=0, maximum=1)
    weight_decay: float = key(0.0, "Decoupled weight decay per step", minimum=0)


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """Learning rate over the steps."""

    name: ScheduleName = key(ScheduleName.constant, "Shape after the warm-up")
    warmup_steps: int = key(0, "Steps of linear rise from zero", minimum=0)


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """When the training state is saved."""

    every_steps: int = key(100, "Steps between saves; rounded up to whole calls of inner_steps", minimum=1)
    keep: int = key(3, "Checkpoints kept, newest first", minimum=1)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How it is trained. Steps and batch are those of the whole job, whatever its number of GPUs."""

    steps: int = key(1000, "Optimizer steps of the whole run", minimum=1)
    global_batch_size: int = key(64, "Examples per step over all replicas", minimum=1)
    inner_steps: int = key(10, "Steps per call of the compiled loop", minimum=1)
    seed: int = key(1, "Seed of weights, data order and dropout", minimum=0)
    precision: Precision = key(Precision.float32, "Keras dtype policy")
    optimizer: OptimizerConfig = key(OptimizerConfig, "Optimizer")
    schedule: ScheduleConfig = key(ScheduleConfig, "Learning rate over the steps")
    checkpoint: CheckpointConfig = key(CheckpointConfig, "When the training state is saved")
    evaluate_every_steps: int = key(0, "Steps between evaluations; 0: only at the end", minimum=0)
    progress_every: Duration = key(5, "Seconds between progress lines of the chief", minimum=1)
    start_timeout: Duration = key(600, "Seconds to wait for peers and for the strategy", minimum=1)
    stall_timeout: Duration = key(
        300, "Seconds without a finished call before a trainer counts as stuck", minimum=5
    )
    restarts_without_progress: int = key(
        3, "Trainer restarts in a row from the same checkpoint before giving up", minimum=0
    )
    warm_restart: bool = key(True, "Fork trainers from a process that has imported TensorFlow")
