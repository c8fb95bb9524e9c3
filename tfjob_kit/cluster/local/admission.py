"""What this machine lets in: everything that is refused before anything is written.

Owns the checks beside the operator's own (`rules.validate`). Must not change the job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfjob_kit import contract
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import environment, gpus, volumes
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.defaults import with_defaults
from tfjob_kit.errors import RefusedError

__all__ = ["Admitted", "Machine", "admit", "longest_grace", "roles_of"]

_DEFAULT_GRACE = 30


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How to find out what this machine has; asked when a job arrives."""

    find_gpus: gpus.GpuFinder
    has_tensorflow: Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """What the checks found out.

    Attributes:
        gpus: GPUs that the job may be given.
        notices: What the user should know, by event reason.
    """

    gpus: list[str]
    notices: dict[str, str]


def admit(job: Object, *, machine: Machine, environ: Mapping[str, str]) -> Admitted:
    """Checks a whole job.

    Raises:
        ClusterError: The operator would reject it.
        RefusedError: This machine cannot run it.
    """
    rules.validate(job)
    roles = roles_of(job)
    for name, role in roles.items():
        _check_pod(role["template"], role=name)
    _check_runtime(roles, machine)
    asked = sum(int(role["replicas"]) * gpus.gpus_of_pod(role["template"]) for role in roles.values())
    found = gpus.visible_gpus(machine.find_gpus(), environ) if asked else []
    replicas = sum(int(role["replicas"]) for role in roles.values())
    gpus.check_gpus(asked, found=found, replicas=replicas)
    return Admitted(gpus=found, notices=_notices(roles, asked=asked, found=found))


def roles_of(job: Object) -> dict[str, Object]:
    """The job's roles with the operator's defaults filled in."""
    return with_defaults(job)["spec"]["tfReplicaSpecs"]


def longest_grace(job: Object) -> float:
    """Seconds that the slowest replica may take to end."""
    specs = [role["template"]["spec"] for role in roles_of(job).values()]
    return max(
        (float(spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)) for spec in specs), default=0.0
    )


def _check_pod(template: Object, *, role: str) -> None:
    spec: Object = template["spec"]
    extra = [c["name"] for c in [*spec["containers"], *(spec.get("initContainers") or [])]]
    extra.remove(contract.CONTAINER_NAME)
    if extra:
        raise RefusedError(
            f"{role}: the local engine runs the container `{contract.CONTAINER_NAME}` alone, not `{extra[0]}`",
            hint="run jobs with sidecars or init containers on a cluster",
        )
    container: Object = spec["containers"][0]
    if not container.get("command"):
        raise RefusedError(
            f"{role}: no command, and the entry point of image `{container['image']}` is not known here",
            hint='command=["python", "train.py"]',
        )
    environment.check_environment(container)
    volumes.check_volumes(template)


def _check_runtime(roles: Mapping[str, Object], machine: Machine) -> None:
    commands = [role["template"]["spec"]["containers"][0] for role in roles.values()]
    words = [word for c in commands for word in [*(c.get("command") or []), *(c.get("args") or [])]]
    if contract.RUNTIME_MODULE in words and not machine.has_tensorflow():
        raise RefusedError(
            "the shipped runtime needs TensorFlow, which is not installed here",
            hint="pip install 'tfjob-kit[train]'",
        )


def _notices(roles: Mapping[str, Object], *, asked: int, found: list[str]) -> dict[str, str]:
    notices: dict[str, str] = {}
    if asked and not found:
        many = "s" if asked > 1 else ""
        notices["NoGPUs"] = (
            f"no GPU on this machine: the job asks for {asked} GPU{many} and trains on the CPU"
        )
    claims = sorted({claim for role in roles.values() for claim in volumes.claims(role["template"])})
    if claims:
        names = ", ".join(f"`{claim}`" for claim in claims)
        notices["ClaimIsDirectory"] = f"no volume claims on this machine: {names} is a directory of the state"
    return notices
