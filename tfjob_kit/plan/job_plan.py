"""Everything decided about one job before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfjob_kit.plan.env_references import EnvReference, EnvSource
from tfjob_kit.plan.network import Network
from tfjob_kit.plan.placement import Placement
from tfjob_kit.plan.topology import Topology

if TYPE_CHECKING:
    from tfjob_kit.config import CodeBundle


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One volume of every replica and where it is mounted.

    Attributes:
        source: The volume's source as the pod template has it, e.g. `{"emptyDir": {}}`.
        sub_path: Path inside the volume that is mounted; None: its root.
    """

    name: str
    path: str
    source: dict[str, Any]
    sub_path: str | None = None
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """Fields of the pod template as the API writes them, and the config key that says them.

    Attributes:
        key: `overlay.all`, `overlay.chief`.
    """

    key: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Role:
    """Replicas of one kind, and everything in which their pods may differ from those of other roles.

    Attributes:
        name: `Chief`, `Worker` or `Evaluator`.
        replicas: How many; never zero.
        gpus: Of each replica.
        resources: Limits of each replica by resource name, quantities as text; requests equal them.
        env: Names and values in order; values already escaped for the kubelet (`$(` as `$$(`).
        overlays: What the user merges into the pod template, in the order of merging.
    """

    name: str
    replicas: int
    gpus: int
    resources: dict[str, str]
    env: tuple[tuple[str, str], ...]
    mounts: tuple[Mount, ...]
    node_selector: dict[str, str]
    tolerations: tuple[dict[str, Any], ...]
    overlays: tuple[Overlay, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """A container beside the training of every pod, started before it and ended after it.

    Attributes:
        resources: Limits by resource name; requests equal them.
        mounts: Volumes of the job, at paths of this container.
    """

    name: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    resources: dict[str, str]
    mounts: tuple[Mount, ...]


@dataclass(frozen=True, kw_only=True)
class SchedulingPolicy:
    """How the replicas of a gang start.

    Attributes:
        min_available: Replicas that start together.
        timeout_seconds: Until the scheduler gives the pod group up; None: its own.
        min_resources: Of the pod group; empty: the sum of its pods.
    """

    min_available: int
    queue: str | None
    priority_class: str | None
    timeout_seconds: int | None
    min_resources: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """Everything decided: what `build_tfjob` writes down without deciding anything itself.

    What all pods have in common stands here, what may differ by role in `roles`.

    Attributes:
        name: Final job name, within the name budget of its roles.
        topology: Replicas, GPUs and batch of the training; an evaluator is outside of it.
        roles: In the order Chief, Worker, Evaluator; those without replicas left out.
        command: Command of the container, the shipped runtime or the user's own.
        env_references: Variables of each replica whose values are keys of Secrets and ConfigMaps.
        env_sources: Objects of which every key becomes a variable; later ones win, every other variable too.
        ports: Container ports by name, TensorFlow's first; `metrics` only when something serves it.
        run_as_user: User and group of every container; None: those of its image.
        sidecars: Of every pod.
        queue: Kueue's LocalQueue; None: the job starts when its pods find nodes.
        queue_priority: Its WorkloadPriorityClass there.
        scheduling: Of a gang; None: each replica starts when it finds a node.
        managed_by: The controller, as the API names it; None: the training-operator.
        restart_policy: As the API spells it.
        facts: Annotations of the TFJob alone: git's state, hash of the code.
        working_directory: Of the container; None: the image's own.
        code: Files that travel with the job; None: the image holds the code, or they are not known here.
        code_name: Of the ConfigMap that holds the code: another for each content.
        protect_from_drain: The job has a disruption budget of all its replicas.
        config_hash: First 16 hex digits of the SHA-256 of the resolved config's YAML.
    """

    name: str
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str]
    facts: dict[str, str]
    topology: Topology
    roles: tuple[Role, ...]
    image: str
    image_pull_policy: str | None
    image_pull_secrets: tuple[str, ...]
    command: tuple[str, ...]
    working_directory: str | None
    code: CodeBundle | None
    code_name: str | None
    env_references: tuple[EnvReference, ...]
    env_sources: tuple[EnvSource, ...]
    ports: dict[str, int]
    sidecars: tuple[Sidecar, ...]
    placement: Placement
    network: Network
    run_as_user: int | None
    priority_class: str | None
    queue: str | None
    queue_priority: str | None
    scheduling: SchedulingPolicy | None
    managed_by: str | None
    restart_policy: str
    backoff_limit: int | None
    clean_pod_policy: str
    ttl_seconds: int | None
    deadline_seconds: int | None
    grace_period_seconds: int
    suspend: bool
    protect_from_drain: bool
    config_hash: str

    @property
    def chief(self) -> Role:
        """The role of the chief, which every job has."""
        return self.roles[0]

    @property
    def replicas(self) -> int:
        """Pods of the whole job, those outside the training included."""
        return sum(role.replicas for role in self.roles)

    @property
    def gpus(self) -> int:
        """GPUs of the whole job, those outside the training included."""
        return sum(role.replicas * role.gpus for role in self.roles)
