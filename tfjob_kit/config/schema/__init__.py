"""What a user can say: the frozen dataclasses of a run, with bounds and units per field.

Owns the names, types, defaults and descriptions of every config key. They are the schema of composition,
the source of the JSON Schema and what the runtime reads back from TFJOB_KIT_CONFIG, so these modules
import the standard library alone. Must not know where values come from (compose) or what follows from
them (plan).
"""

from __future__ import annotations

from tfjob_kit.config.schema.devices import Collectives, CommunicationConfig, GpuMemoryConfig, GpuMemoryMode
from tfjob_kit.config.schema.field import Duration, Kind, Label, Quantity, key
from tfjob_kit.config.schema.job import (
    CleanPodPolicy,
    CodeConfig,
    CodeMode,
    GangConfig,
    JobConfig,
    LintConfig,
    ManagedBy,
    RestartPolicy,
    SuccessPolicy,
)
from tfjob_kit.config.schema.placement import PlacementConfig
from tfjob_kit.config.schema.pods import (
    EnvFromConfig,
    HostPathType,
    OutputConfig,
    OverlayConfig,
    ResourcesConfig,
    RoleResourcesConfig,
    RolesConfig,
    SidecarConfig,
    VolumeConfig,
)
from tfjob_kit.config.schema.run import RunConfig
from tfjob_kit.config.schema.site import GpuTypeConfig, ImagePullPolicy, SiteConfig
from tfjob_kit.config.schema.size import Size
from tfjob_kit.config.schema.training import (
    CheckpointConfig,
    DataConfig,
    ModelConfig,
    OptimizerConfig,
    OptimizerName,
    Precision,
    ScheduleConfig,
    ScheduleName,
    TrainConfig,
)

__all__ = [
    "CheckpointConfig",
    "CleanPodPolicy",
    "CodeConfig",
    "CodeMode",
    "Collectives",
    "CommunicationConfig",
    "DataConfig",
    "Duration",
    "EnvFromConfig",
    "GangConfig",
    "GpuMemoryConfig",
    "GpuMemoryMode",
    "GpuTypeConfig",
    "HostPathType",
    "ImagePullPolicy",
    "JobConfig",
    "Kind",
    "Label",
    "LintConfig",
    "ManagedBy",
    "ModelConfig",
    "OptimizerConfig",
    "OptimizerName",
    "OutputConfig",
    "OverlayConfig",
    "PlacementConfig",
    "Precision",
    "Quantity",
    "ResourcesConfig",
    "RestartPolicy",
    "RoleResourcesConfig",
    "RolesConfig",
    "RunConfig",
    "ScheduleConfig",
    "ScheduleName",
    "SidecarConfig",
    "SiteConfig",
    "Size",
    "SuccessPolicy",
    "TrainConfig",
    "VolumeConfig",
    "key",
]
