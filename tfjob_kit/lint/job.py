"""A TFJob as the rules ask about it: roles, pods, containers, policies, the kit's config inside.

Owns the operator's defaults and how it folds the case of roles (training-operator v1.9.4,
pkg/apis/kubeflow.org/v1/tensorflow_defaults.go). Reads any JSON-like document without failing: what has the
wrong type reads as absent, and the rule `malformed` says so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tfjob_kit import contract
from tfjob_kit.lint import crd
from tfjob_kit.lint.part import Part
from tfjob_kit.plan.environment import unescape
from tfjob_kit.plan.scheduling import QUEUE_LABEL

__all__ = ["ROLES", "Container", "Job", "Role"]

ROLES = ("Chief", "Master", "Worker", "PS", "Evaluator")
"""As the operator spells them; it folds the case of what it is given."""
_FOLDED = {role.lower(): role for role in ROLES}
_LEADERS = ("Chief", "Master")
_MOST_CONFIG = 1_000_000  # Characters of a config that is read; no pod template is larger.
_MWMS = re.compile(r"multi[-_ ]?worker[-_ ]?mirrored|\bmwms\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a role."""

    part: Part
    role: Role
    is_init: bool

    @property
    def is_tensorflow(self) -> bool:
        """Whether TF_CONFIG, exit code, ports and Service key on it."""
        return not self.is_init and self.part.at("name").value == contract.CONTAINER_NAME

    @property
    def env(self) -> list[Part]:
        """Its variables."""
        return list(self.part.at("env").items())

    @property
    def words(self) -> list[Part]:
        """Command and arguments, word by word."""
        return [word for field in ("command", "args") for word in self.part.at(field).texts()]


@dataclass(frozen=True, slots=True)
class Role:
    """One entry of `tfReplicaSpecs`.

    Attributes:
        key: As the document has it.
        name: As the operator reads it: `Chief` for `chief`; the key itself when it knows no such role.
    """

    key: str
    name: str
    part: Part

    @property
    def replicas(self) -> int:
        """How many; the operator's default is 1."""
        found = self.part.at("replicas").integer
        return 1 if found is None else found

    @property
    def is_known(self) -> bool:
        """Whether the operator knows it."""
        return self.name in ROLES

    @property
    def restart_policy(self) -> str:
        """As written; the operator's default is Never."""
        return self.part.at("restartPolicy").text or "Never"

    @property
    def template(self) -> Part:
        """The pod template."""
        return self.part.at("template")

    @property
    def pod(self) -> Part:
        """The pod spec."""
        return self.part.at("template", "spec")

    @property
    def containers(self) -> list[Container]:
        """Containers and init containers."""
        return [
            Container(item, self, is_init)
            for field, is_init in (("containers", False), ("initContainers", True))
            for item in self.pod.at(field).items()
        ]

    @property
    def tensorflow(self) -> Container | None:
        """The container that trains."""
        return next((each for each in self.containers if each.is_tensorflow), None)

    def volume(self, path: str) -> Part | None:
        """The volume that the training container has at this mount path."""
        main = self.tensorflow
        mounts = main.part.at("volumeMounts").items() if main else iter(())
        names = [m.at("name").value for m in mounts if (m.at("mountPath").text or "").rstrip("/") == path]
        volumes = self.pod.at("volumes").items()
        return next((volume for volume in volumes if names and volume.at("name").value == names[-1]), None)

    def resources(self) -> Iterator[tuple[str, Part]]:
        """Name and amount of each extended resource of the training container, e.g. `nvidia.com/gpu`.

        Of what stands under requests alone too: no pod can have it, but it is what was meant.
        """
        if main := self.tensorflow:
            kinds = (main.part.at("resources", kind) for kind in ("requests", "limits"))
            found = {name: part for kind in kinds for name, part in kind.entries() if "/" in name}
            yield from found.items()

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        amounts = (number(part.value) for name, part in self.resources() if is_gpu(name))
        return sum(int(amount) for amount in amounts if amount is not None and amount > 0)


class Job:
    """A TFJob document with what stands beside it.

    Attributes:
        root: The whole document.
        others: Further documents of the same file, of any kind.
    """

    def __init__(self, document: Mapping[str, Any], *, others: Sequence[Any] = ()) -> None:
        self.root = Part((), document)
        self.others = tuple(Part((), other) for other in others)

    @property
    def spec(self) -> Part:
        """`spec`."""
        return self.root.at("spec")

    @property
    def policy(self) -> Part:
        """`spec.runPolicy`."""
        return self.root.at("spec", "runPolicy")

    @functools.cached_property
    def roles(self) -> tuple[Role, ...]:
        """Every role that is written as a mapping."""
        entries = self.root.at("spec", "tfReplicaSpecs").entries()
        return tuple(
            Role(key, _FOLDED.get(key.lower(), key), part)
            for key, part in entries
            if isinstance(part.value, dict)
        )

    def role(self, *names: str) -> Role | None:
        """The first role of one of these names."""
        return next((role for role in self.roles if role.name in names), None)

    @property
    def leader(self) -> Role | None:
        """Chief or Master."""
        return self.role(*_LEADERS)

    @property
    def trainers(self) -> list[Role]:
        """Roles that train side by side: leader and workers."""
        return [role for role in self.roles if role.name in (*_LEADERS, "Worker")]

    @functools.cached_property
    def replicas(self) -> int:
        """Replicas of all roles."""
        return sum(max(0, role.replicas) for role in self.roles)

    @functools.cached_property
    def gpus(self) -> int:
        """GPUs of all replicas."""
        return sum(role.gpus * max(0, role.replicas) for role in self.roles)

    @property
    def containers(self) -> list[Container]:
        """Of all roles, init containers too."""
        return [container for role in self.roles for container in role.containers]

    @property
    def mains(self) -> list[Container]:
        """The training container of each role."""
        return [container for container in self.containers if container.is_tensorflow]

    @property
    def queue(self) -> str | None:
        """The Kueue queue that the TFJob is labelled with."""
        return self.root.at("metadata", "labels", QUEUE_LABEL).text or None

    @functools.cached_property
    def is_runtime(self) -> bool:
        """Whether the shipped runtime trains: it maps exits, bounds restarts, can do without TF_CONFIG."""
        return any(
            contract.RUNTIME_MODULE in (word.value for word in main.words) and config_entry(main) is not None
            for main in self.mains
        )

    @functools.cached_property
    def is_mwms(self) -> bool:
        """Whether MultiWorkerMirroredStrategy trains: the shipped runtime, or a command that says so."""
        words = (word.value for main in self.mains for word in main.words)
        return self.is_runtime or any(_MWMS.search(word) for word in words)

    @functools.cached_property
    def problems(self) -> tuple[crd.Problem, ...]:
        """Where it is not as the CRD's schema has it."""
        return tuple(crd.problems(self.root))

    @functools.cached_property
    def config(self) -> Mapping[str, Any]:
        """The kit's config inside; empty when there is none that can be read."""
        texts = (entry for main in self.mains if (entry := config_entry(main)) is not None)
        text = next(texts, None)
        return {} if text is None or len(text) > _MOST_CONFIG else _read_config(text)


def config_entry(container: Container) -> str | None:
    """The text of the container's TFJOB_KIT_CONFIG."""
    entries = (e for e in container.env if e.at("name").value == contract.CONFIG_ENV)
    return next((text for entry in entries if (text := entry.at("value").text)), None)


def is_gpu(resource: str) -> bool:
    """Whether the extended resource is a GPU or a part of one: `nvidia.com/gpu`, `nvidia.com/mig-1g.10gb`."""
    domain, _, kind = resource.partition("/")
    return kind == "gpu" or kind.startswith(("gpu.", "mig-")) or (domain == "gpu.intel.com" and bool(kind))


def number(value: Any) -> float | None:
    """A count as a manifest writes it: 1, "1", 1.5; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


@functools.lru_cache(maxsize=64)
def _read_config(text: str) -> Mapping[str, Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data: Any = yaml.load(unescape(text), Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}
