"""What a user can say: the frozen dataclasses of a run, with bounds and units per field.

Owns the names, types, defaults and descriptions of every config key. They are the schema of composition,
the source of the JSON Schema and what the runtime reads back from TFJOB_KIT_CONFIG, so this module
imports the standard library alone. Must not know where values come from (compose) or what follows from
them (plan).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Annotated, Any, cast


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How the text of a field is read, beyond its Python type.

    Attributes:
        name: `quantity`, `duration` or `label`.
    """

    name: str


Quantity = Annotated[str, Kind(name="quantity")]
"""A Kubernetes quantity, kept as written: `500m`, `16Gi`."""
Duration = Annotated[int, Kind(name="duration")]
"""Seconds; written as seconds or `90s 15m 2h30m 7d`."""
Label = Annotated[str, Kind(name="label")]
"""The value of a label or annotation: text that an unquoted number, `true` or `null` is not."""


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


class GpuMemoryMode(enum.Enum):
    """How a replica takes the memory of its GPUs."""

    exclusive = "exclusive"
    growth = "growth"
    fraction = "fraction"
    limit = "limit"
    async_ = "async"


class Precision(enum.Enum):
    """Keras dtype policy."""

    float32 = "float32"
    mixed_bfloat16 = "mixed_bfloat16"
    mixed_float16 = "mixed_float16"


class Collectives(enum.Enum):
    """`tf.distribute.experimental.CommunicationImplementation`."""

    auto = "auto"
    ring = "ring"
    nccl = "nccl"


class RestartPolicy(enum.Enum):
    """`spec.tfReplicaSpecs.*.restartPolicy`; `auto` is ExitCode for the shipped runtime, else OnFailure."""

    auto = "auto"
    ExitCode = "ExitCode"
    OnFailure = "OnFailure"
    Never = "Never"
    Always = "Always"


class CleanPodPolicy(enum.Enum):
    """`spec.runPolicy.cleanPodPolicy`: which pods the operator deletes once the job has finished."""

    Running = "Running"
    None_ = "None"
    All = "All"


class CodeMode(enum.Enum):
    """Where the code of a replica comes from."""

    image = "image"
    bundle = "bundle"


class ScheduleName(enum.Enum):
    """Learning rate over the steps."""

    constant = "constant"
    cosine = "cosine"


class OptimizerName(enum.Enum):
    """Optimizers as Keras has them."""

    sgd = "sgd"
    adam = "adam"
    adamw = "adamw"


def key(default: Any, doc: str, *, minimum: float | None = None, maximum: float | None = None) -> Any:
    """A schema field: default, one-line description with its unit, inclusive bounds."""
    metadata = {"doc": doc, "minimum": minimum, "maximum": maximum}
    if isinstance(default, (dict, list)):
        empty = cast("dict[str, Any] | list[Any]", default)
        return field(default_factory=empty.copy, metadata=metadata)
    if isinstance(default, type):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


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


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """The TFJob around the training."""

    restart_policy: RestartPolicy = key(RestartPolicy.auto, "What the operator does when a replica ends")
    backoff_limit: int | None = key(
        None, "Container restarts before the job fails; OnFailure and Always only", minimum=0
    )
    clean_pod_policy: CleanPodPolicy = key(CleanPodPolicy.Running, "Pods deleted once the job has finished")
    ttl: Duration | None = key(7 * 86400, "Seconds a finished job is kept; null: for ever", minimum=0)
    deadline: Duration | None = key(None, "Seconds the job may run; null: no limit", minimum=1)
    grace_period: Duration = key(60, "Seconds a replica gets to save after SIGTERM", minimum=1)
    suspend: bool = key(False, "Create the job suspended")
    protect_from_drain: bool = key(
        False, "A PodDisruptionBudget: a drain of a node waits for the end of the job instead of failing it"
    )
    priority_class: str | None = key(None, "PriorityClass of the pods")
    queue: str | None = key(None, "Kueue LocalQueue")
    labels: dict[str, Label] = key({}, "Labels of the TFJob and its pods")
    annotations: dict[str, Label] = key({}, "Annotations of the TFJob and its pods")


@dataclass(frozen=True, kw_only=True)
class CodeConfig:
    """Which code a replica runs: the image's, or files that travel with the job."""

    mode: CodeMode = key(
        CodeMode.image, "image: what the image holds; bundle: models/, conf/ and files of here"
    )
    files: list[str] = key(
        [], "Further files of the working directory that a bundle holds: names, folders, globs"
    )


@dataclass(frozen=True, kw_only=True)
class ResourcesConfig:
    """What each replica gets; requests equal limits."""

    cpu: Quantity = key("4", "CPU cores per replica")
    memory: Quantity = key("16Gi", "Memory per replica, shared memory included")
    shared_memory: Quantity = key("2Gi", "Size of /dev/shm per replica, part of its memory")


@dataclass(frozen=True, kw_only=True)
class VolumeConfig:
    """One volume, mounted at the same path in each replica. Exactly one source."""

    mount_path: str = key("", "Absolute path in the container")
    claim: str | None = key(None, "PersistentVolumeClaim")
    host_path: str | None = key(None, "Directory of the node")
    empty_dir: bool = key(False, "Scratch space that ends with the pod")
    read_only: bool = key(False, "Mount read-only")


@dataclass(frozen=True, kw_only=True)
class PlacementConfig:
    """Where pods may run."""

    node_selector: dict[str, Label] = key({}, "Labels that a node must have")
    tolerations: list[dict[str, Any]] = key([], "Tolerations as Kubernetes writes them")
    service_account: str | None = key(None, "ServiceAccount of the pods")


@dataclass(frozen=True, kw_only=True)
class OutputConfig:
    """Where checkpoints and logs of the run go."""

    dir: str = key("/output", "Absolute path in the container: checkpoints, TensorBoard files")
    claim: str | None = key(
        None, "PersistentVolumeClaim mounted there; null: the output ends with the chief's pod"
    )


@dataclass(frozen=True, kw_only=True)
class GpuTypeConfig:
    """What a GPU type's name means in this cluster."""

    resource: str = key("nvidia.com/gpu", "Resource name")
    node_selector: dict[str, Label] = key({}, "Labels of nodes that have it")


@dataclass(frozen=True, kw_only=True)
class SiteConfig:
    """What a platform engineer sets once for a cluster."""

    namespace: str | None = key(None, "Namespace of jobs; null: the context's own")
    image: str = key("tfjob-kit/runtime:0.1.0", "Container image of each replica")
    image_pull_policy: str | None = key(None, "Always, IfNotPresent or Never; null: Kubernetes decides")
    image_pull_secrets: list[str] = key([], "Secrets for the image registry")
    gpu_resource: str = key("nvidia.com/gpu", "Resource name of a GPU without a type")
    gpu_types: dict[str, GpuTypeConfig] = key({}, "GPU types that `gpus=TYPE:N` may name")
    env: dict[str, str] = key({}, "Variables of each replica")
    autoscaling: bool = key(False, "Nodes come when pods ask for them: no job is refused for lack of nodes")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What the user said, validated: one run."""

    name: str | None = key(None, "Job name; null: made from the model's name and a suffix")
    gpus: Size = key(
        Size(replicas=1, per_replica=1), "Total GPUs: 4, or 2x4 (replicas x GPUs each), or A100:4; 0: CPU"
    )
    replicas: int | None = key(None, "Replicas that share the GPUs; with gpus=0 the CPU replicas", minimum=1)
    model: ModelConfig = key(ModelConfig, "What is trained")
    data: DataConfig = key(DataConfig, "What it is trained on")
    train: TrainConfig = key(TrainConfig, "How it is trained")
    gpu_memory: GpuMemoryConfig = key(GpuMemoryConfig, "How a replica takes the memory of its GPUs")
    communication: CommunicationConfig = key(CommunicationConfig, "How replicas exchange gradients")
    job: JobConfig = key(JobConfig, "The TFJob around the training")
    resources: ResourcesConfig = key(ResourcesConfig, "What each replica gets")
    volumes: dict[str, VolumeConfig] = key({}, "Volumes by name")
    placement: PlacementConfig = key(PlacementConfig, "Where pods may run")
    command: list[str] = key([], "The user's own program instead of the shipped runtime")
    code: CodeConfig = key(CodeConfig, "Which code a replica runs")
    env: dict[str, str] = key({}, "Variables of each replica")
    output: OutputConfig = key(OutputConfig, "Where checkpoints and logs go")
    site: SiteConfig = key(SiteConfig, "What a platform engineer sets once for a cluster")
