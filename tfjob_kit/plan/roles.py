"""The roles of a job and what the pods of each have of their own."""

from __future__ import annotations

from tfjob_kit import config as configs
from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.plan.environment import make_environment
from tfjob_kit.plan.job_plan import Role
from tfjob_kit.plan.quantities import parse_quantity
from tfjob_kit.plan.topology import Topology, gpu_type
from tfjob_kit.plan.volumes import make_mounts

__all__ = ["count_replicas", "make_roles"]


def count_replicas(topology: Topology) -> dict[str, int]:
    """Replicas by role, in the order Chief, Worker; roles without replicas left out.

    A Worker role with 0 replicas beside a Chief sends the operator (v1.9.4) into a loop of creating and
    deleting its pod.
    """
    return {"Chief": topology.chief} | ({"Worker": topology.workers} if topology.workers else {})


def make_roles(
    config: schema.RunConfig,
    *,
    topology: Topology,
    config_yaml: str,
    run_id: str,
    code: configs.CodeBundle | None = None,
    code_name: str | None = None,
) -> tuple[Role, ...]:
    """What the pods of each role have of their own.

    Raises:
        InvalidValue: A quantity, volume or variable that cannot be.
    """
    return tuple(
        Role(
            name=name,
            replicas=replicas,
            gpus=topology.gpus_per_replica,
            resources=_resources(config, topology=topology),
            env=make_environment(
                config,
                config_yaml=config_yaml,
                run_id=run_id,
                gpus_per_replica=topology.gpus_per_replica,
                code_path=None if code is None else contract.CODE_PATH,
            ),
            mounts=make_mounts(config, code=code, code_name=code_name),
            node_selector=gpu_type(config).node_selector | config.placement.node_selector,
            tolerations=tuple(config.placement.tolerations),
        )
        for name, replicas in count_replicas(topology).items()
    )


def _resources(config: schema.RunConfig, *, topology: Topology) -> dict[str, str]:
    limits = {"cpu": config.resources.cpu, "memory": config.resources.memory}
    for kind, text in limits.items():
        if parse_quantity(text, key=f"resources.{kind}") == 0:
            raise errors.InvalidValue(f"a replica cannot train with {kind} 0", where=f"resources.{kind}")
    if topology.gpus_per_replica:
        limits[topology.gpu_resource] = str(topology.gpus_per_replica)
    return limits
