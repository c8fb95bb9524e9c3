"""Everything decided about one job before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfjob_kit.plan.topology import Topology

if TYPE_CHECKING:
    from tfjob_kit.config import CodeBundle


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One volume of every replica and where it is mounted.

    Attributes:
        source: The volume's source as the pod template has it, e.g. `{"emptyDir": {}}`.
    """

    name: str
    path: str
    source: dict[str, Any]
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Role:
    """Replicas of one kind: `Chief` or `Worker`, and how many; never zero."""

    name: str
    replicas: int


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """Everything decided: what `build_tfjob` writes down without deciding anything itself.

    Attributes:
        name: Final job name, within the name budget of its roles.
        topology: Replicas, GPUs and batch.
        roles: In the order Chief, Worker.
        command: Command of the container, the shipped runtime or the user's own.
        env: Names and values in order; values already escaped for the kubelet (`$(` as `$$(`).
        ports: Container ports by name, TensorFlow's first; `metrics` only when something serves it.
        resources: Limits of each replica by resource name, quantities as text; requests equal them.
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
    env: tuple[tuple[str, str], ...]
    ports: dict[str, int]
    resources: dict[str, str]
    mounts: tuple[Mount, ...]
    node_selector: dict[str, str]
    tolerations: tuple[dict[str, Any], ...]
    service_account: str | None
    priority_class: str | None
    queue: str | None
    restart_policy: str
    backoff_limit: int | None
    clean_pod_policy: str
    ttl_seconds: int | None
    deadline_seconds: int | None
    grace_period_seconds: int
    suspend: bool
    protect_from_drain: bool
    config_hash: str
