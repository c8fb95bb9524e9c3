"""What each pod is made of: resources, volumes, variables, further containers, output."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from tfjob_kit.config.schema.field import Quantity, key


class HostPathType(enum.Enum):
    """`hostPath.type`: what must be there before the pod starts."""

    Directory = "Directory"
    DirectoryOrCreate = "DirectoryOrCreate"
    File = "File"
    FileOrCreate = "FileOrCreate"
    Socket = "Socket"
    CharDevice = "CharDevice"
    BlockDevice = "BlockDevice"


@dataclass(frozen=True, kw_only=True)
class RoleResourcesConfig:
    """What the replicas of one role get instead; null: as all."""

    cpu: Quantity | None = key(None, "CPU cores per replica of the role")
    memory: Quantity | None = key(None, "Memory per replica of the role, shared memory included")
    shared_memory: Quantity | None = key(None, "Size of /dev/shm per replica of the role")


@dataclass(frozen=True, kw_only=True)
class RolesConfig:
    """Other sizes by role."""

    chief: RoleResourcesConfig = key(RoleResourcesConfig, "Of the chief")
    worker: RoleResourcesConfig = key(RoleResourcesConfig, "Of each worker")
    evaluator: RoleResourcesConfig = key(RoleResourcesConfig, "Of the evaluator")


@dataclass(frozen=True, kw_only=True)
class ResourcesConfig:
    """What each replica gets; requests equal limits."""

    cpu: Quantity = key("4", "CPU cores per replica")
    memory: Quantity = key("16Gi", "Memory per replica, shared memory included")
    shared_memory: Quantity = key("2Gi", "Size of /dev/shm per replica, part of its memory")
    ephemeral_storage: Quantity | None = key(
        None, "Disk of the node per replica: logs, emptyDir; null: no limit"
    )
    extra: dict[str, Quantity] = key({}, "Further resources per replica by name, e.g. devices of a plugin")
    roles: RolesConfig = key(RolesConfig, "Other sizes by role")


@dataclass(frozen=True, kw_only=True)
class VolumeConfig:
    """One volume, mounted at the same path in each replica. Exactly one source."""

    mount_path: str = key("", "Absolute path in the container")
    claim: str | None = key(None, "PersistentVolumeClaim")
    host_path: str | None = key(None, "Path on the node")
    host_path_type: HostPathType | None = key(None, "What must be at host_path; null: not checked")
    nfs: str | None = key(None, "NFS export, SERVER:/PATH")
    config_map: str | None = key(None, "ConfigMap whose keys become files")
    secret: str | None = key(None, "Secret whose keys become files")
    empty_dir: bool = key(False, "Scratch space that ends with the pod")
    in_memory: bool = key(False, "Of empty_dir: in memory, counted in the memory of the replica")
    size_limit: Quantity | None = key(None, "Of empty_dir: the pod is evicted above it")
    items: dict[str, str] = key({}, "Of config_map and secret: key -> file name; empty: all keys")
    sub_path: str | None = key(None, "Path inside the volume that is mounted; null: its root")
    read_only: bool = key(False, "Mount read-only; config_map and secret always are")


@dataclass(frozen=True, kw_only=True)
class EnvFromConfig:
    """Variables whose values stay in the cluster: the job names them and never holds them."""

    secret_keys: dict[str, str] = key({}, "Variable -> SECRET/KEY")
    config_map_keys: dict[str, str] = key({}, "Variable -> CONFIGMAP/KEY")
    secrets: list[str] = key([], "Secrets of which every key becomes a variable")
    config_maps: list[str] = key([], "ConfigMaps of which every key becomes a variable")


@dataclass(frozen=True, kw_only=True)
class SidecarConfig:
    """A further container beside the training, started before it and ended after it.

    Written as an init container with restart policy Always (a native sidecar, Kubernetes 1.29 and newer): a
    plain one would keep the pod, and so the job, running for ever.
    """

    image: str = key("", "Container image")
    command: list[str] = key([], "Command; empty: the image's own")
    args: list[str] = key([], "Arguments")
    env: dict[str, str] = key({}, "Variables")
    cpu: Quantity = key("100m", "CPU cores; request and limit")
    memory: Quantity = key("128Mi", "Memory; request and limit")
    mounts: dict[str, str] = key({}, "Volume of the job, by its name -> absolute path in this container")


@dataclass(frozen=True, kw_only=True)
class OverlayConfig:
    """Fields of the pod template as the API writes them, merged into what the kit builds.

    Dicts merge and `null` removes a key; lists of named items (containers, volumes, env, ports, mounts by
    path) merge by name, others are replaced; `$replace: true` in a dict, or as an item of a list, replaces it
    whole, `$delete: true` in a named item removes it.
    """

    all: dict[str, Any] = key({}, "For the pods of every role")
    chief: dict[str, Any] = key({}, "For the chief, after `all`")
    worker: dict[str, Any] = key({}, "For the workers, after `all`")
    evaluator: dict[str, Any] = key({}, "For the evaluator, after `all`")


@dataclass(frozen=True, kw_only=True)
class OutputConfig:
    """Where checkpoints and logs of the run go."""

    dir: str = key("/output", "Absolute path in the container: checkpoints, TensorBoard files")
    claim: str | None = key(
        None, "PersistentVolumeClaim mounted there; null: the output ends with the chief's pod"
    )
