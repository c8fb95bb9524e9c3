"""The roles of a job and what the pods of each have of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from tfjob_kit import config as configs
from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.plan.environment import make_environment
from tfjob_kit.plan.job_plan import Mount, Overlay, Role
from tfjob_kit.plan.network import make_devices
from tfjob_kit.plan.placement import make_node_selector, make_tolerations
from tfjob_kit.plan.resources import check_role_resources, make_resources, resources_of
from tfjob_kit.plan.topology import Topology
from tfjob_kit.plan.volumes import make_mounts

__all__ = ["EVALUATOR", "Common", "count_replicas", "make_overlays", "make_roles", "shared_mounts"]

EVALUATOR = "Evaluator"
_ROLES = ("Chief", "Worker", EVALUATOR)


@dataclass(frozen=True, kw_only=True)
class Common:
    """What the pods of every role are told.

    Attributes:
        config_yaml: The config as it travels.
        run_id: Job name and config hash.
        code: Files that travel with the job; None: the image holds the code.
        code_name: Of the ConfigMap that holds them.
    """

    config_yaml: str
    run_id: str
    code: configs.CodeBundle | None
    code_name: str | None


def count_replicas(config: schema.RunConfig, topology: Topology) -> dict[str, int]:
    """Replicas by role, in the order Chief, Worker, Evaluator; roles without replicas left out.

    A Worker role with 0 replicas beside a Chief sends the operator (v1.9.4) into a loop of creating and
    deleting its pod.

    Raises:
        RefusedError: An evaluator of the shipped runtime, which has none; keys of an evaluator without one.
    """
    _check_evaluator(config)
    counts = (topology.chief, topology.workers, int(config.job.evaluator))
    return {name: count for name, count in zip(_ROLES, counts, strict=True) if count}


def make_roles(config: schema.RunConfig, *, topology: Topology, common: Common) -> tuple[Role, ...]:
    """What the pods of each role have of their own.

    Raises:
        InvalidValue: A quantity, volume or variable that cannot be.
        UnknownChoice: Resources of a role that no job has.
        RefusedError: Resources or an overlay of an evaluator, and no evaluator.
    """
    check_role_resources(config)
    counts = count_replicas(config, topology)
    return tuple(
        _role(config, name=name, replicas=replicas, topology=topology, common=common)
        for name, replicas in counts.items()
    )


def shared_mounts(roles: Sequence[Role]) -> tuple[Mount, ...]:
    """Mounts that the pods of every role have; sizes are those of the first role."""
    names = [{mount.name for mount in role.mounts} for role in roles]
    return tuple(mount for mount in roles[0].mounts if all(mount.name in each for each in names))


def make_overlays(overlay: schema.OverlayConfig) -> dict[str, tuple[Overlay, ...]]:
    """By role, what is merged into its pod template, in the order of merging; empty ones left out."""
    return {
        name: tuple(
            Overlay(key=f"overlay.{key}", fields=fields)
            for key, fields in (("all", overlay.all), (name.lower(), getattr(overlay, name.lower())))
            if fields
        )
        for name in _ROLES
    }


def _role(config: schema.RunConfig, *, name: str, replicas: int, topology: Topology, common: Common) -> Role:
    is_training, key = name != EVALUATOR, name.lower()
    gpus = topology.gpus_per_replica if is_training else config.job.evaluator_gpus
    if not is_training:
        _check_evaluator_gpus(gpus, topology)
    gpu_type = topology.gpu_type if gpus else None
    sized = dataclasses.replace(config, resources=resources_of(config, role=key))
    return Role(
        name=name,
        replicas=replicas,
        gpus=gpus,
        resources=make_resources(config, role=key, gpus=gpus, gpu_resource=topology.gpu_resource)
        | (make_devices(config) if is_training else {}),
        env=make_environment(
            config,
            config_yaml=common.config_yaml,
            run_id=common.run_id,
            gpus_per_replica=gpus,
            code_path=None if common.code is None else contract.CODE_PATH,
        ),
        mounts=make_mounts(sized, code=common.code, code_name=common.code_name),
        node_selector=make_node_selector(config, gpu_type=gpu_type),
        tolerations=make_tolerations(config, gpu_type=gpu_type),
        overlays=make_overlays(config.overlay)[name],
    )


def _check_evaluator_gpus(gpus: int, topology: Topology) -> None:
    kind = topology.gpu_type
    if gpus > 1 and (kind.is_mig or kind.is_shared):
        raise errors.RefusedError(
            f"an evaluator could use one {kind.noun}, not {gpus}",
            where="job.evaluator_gpus",
            hint="job.evaluator_gpus=1",
        )


def _check_evaluator(config: schema.RunConfig) -> None:
    if config.job.evaluator and not config.command:
        raise errors.RefusedError(
            "the shipped runtime has no evaluator: its chief and workers evaluate, each a share of the data",
            where="job.evaluator",
            hint="train.evaluate_every_steps=100 sets how often; an evaluator is for a `command` of your own",
        )
    if config.job.evaluator:
        return
    for key, value in (
        ("job.evaluator_gpus", config.job.evaluator_gpus),
        ("overlay.evaluator", config.overlay.evaluator),
    ):
        if value:
            raise errors.RefusedError(
                "the job has no evaluator", where=key, hint=f"job.evaluator=true, or drop `{key}`"
            )
