"""What a platform engineer sets once for a cluster."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from tfjob_kit.config.schema.field import Label, key


class ImagePullPolicy(enum.Enum):
    """`imagePullPolicy` of the containers."""

    Always = "Always"
    IfNotPresent = "IfNotPresent"
    Never = "Never"


@dataclass(frozen=True, kw_only=True)
class GpuTypeConfig:
    """What a GPU type's name means in this cluster."""

    resource: str = key("nvidia.com/gpu", "Resource name")
    node_selector: dict[str, Label] = key({}, "Labels of nodes that have it")
    tolerations: list[dict[str, Any]] = key([], "Tolerations that its nodes ask for")
    shared: bool = key(False, "Time-sliced: several pods share one card, and a replica asks for one only")
    memory_mib: int | None = key(
        None, "MiB (2^20 bytes) of a card or of a pod's share, if known", minimum=256
    )


@dataclass(frozen=True, kw_only=True)
class SiteConfig:
    """What a platform engineer sets once for a cluster."""

    namespace: str | None = key(None, "Namespace of jobs; null: the context's own")
    image: str = key("tfjob-kit/runtime:0.1.0", "Container image of each replica")
    image_pull_policy: ImagePullPolicy | None = key(
        None, "When nodes fetch the image; null: Kubernetes decides"
    )
    image_pull_secrets: list[str] = key([], "Secrets for the image registry")
    gpu_resource: str = key("nvidia.com/gpu", "Resource name of a GPU without a type")
    gpu_types: dict[str, GpuTypeConfig] = key({}, "GPU types that `gpus=TYPE:N` may name")
    env: dict[str, str] = key({}, "Variables of each replica")
    run_as_user: int | None = key(
        1000,
        "User and group of the containers; null: the image's own, which pod security may refuse",
        minimum=0,
    )
    tolerations: list[dict[str, Any]] = key([], "Tolerations of every job, as Kubernetes writes them")
    autoscaling: bool = key(False, "Nodes come when pods ask for them: no job is refused for lack of nodes")
