"""One run: all keys of the config."""

from __future__ import annotations

from dataclasses import dataclass

from tfjob_kit.config.schema.devices import CommunicationConfig, GpuMemoryConfig
from tfjob_kit.config.schema.field import key
from tfjob_kit.config.schema.job import CodeConfig, JobConfig, LintConfig
from tfjob_kit.config.schema.placement import PlacementConfig
from tfjob_kit.config.schema.pods import (
    EnvFromConfig,
    OutputConfig,
    OverlayConfig,
    ResourcesConfig,
    SidecarConfig,
    VolumeConfig,
)
from tfjob_kit.config.schema.site import SiteConfig
from tfjob_kit.config.schema.size import Size
from tfjob_kit.config.schema.training import DataConfig, ModelConfig, TrainConfig


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
    env_from: EnvFromConfig = key(EnvFromConfig, "Variables from Secrets and ConfigMaps")
    sidecars: dict[str, SidecarConfig] = key({}, "Further containers by name")
    overlay: OverlayConfig = key(OverlayConfig, "Fields of the pod template, merged into what the kit builds")
    output: OutputConfig = key(OutputConfig, "Where checkpoints and logs go")
    site: SiteConfig = key(SiteConfig, "What a platform engineer sets once for a cluster")
    lint: LintConfig = key(LintConfig, "What the lint keeps quiet about")
