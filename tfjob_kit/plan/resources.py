"""CPU, memory, disk and devices of each replica: the same for all roles, or by role."""

from __future__ import annotations

import dataclasses
import re

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.quantities import parse_quantity
from tfjob_kit.plan.references import check_resource

__all__ = ["check_role_resources", "make_resources", "resources_of"]

_SET = ("cpu", "memory", "shared_memory")
_OWN_KEYS = {
    "cpu": "resources.cpu",
    "memory": "resources.memory",
    "ephemeral-storage": "resources.ephemeral_storage",
}
_HUGE_PAGES = re.compile(r"hugepages-[0-9]+[KMG]i")
_GPU = re.compile(r".+/(?:gpu|mig-.+|gpu\.shared|vgpu)")


def check_role_resources(config: schema.RunConfig) -> None:
    """Refuses sizes of an evaluator where the job has none.

    Sizes of workers stay without effect where a job has none: its number of GPUs may change, by a resize or a
    sweep, and its other keys stay.

    Raises:
        RefusedError: Sizes of an evaluator, and no evaluator.
    """
    if config.resources.roles.evaluator != schema.RoleResourcesConfig() and not config.job.evaluator:
        raise errors.RefusedError(
            "the job has no evaluator",
            where="resources.roles.evaluator",
            hint="job.evaluator=true, or drop the key",
        )


def resources_of(config: schema.RunConfig, *, role: str) -> schema.ResourcesConfig:
    """The resources of the replicas of one role, `chief`, `worker` or `evaluator`."""
    own = getattr(config.resources.roles, role)
    chosen = {name: getattr(own, name) for name in _SET if getattr(own, name) is not None}
    return dataclasses.replace(config.resources, **chosen)


def make_resources(config: schema.RunConfig, *, role: str, gpus: int, gpu_resource: str) -> dict[str, str]:
    """Limits of each replica by resource name; requests equal them.

    Args:
        config: The run.
        role: `chief`, `worker` or `evaluator`.
        gpus: Of each replica.
        gpu_resource: Name of one, e.g. `nvidia.com/gpu`.

    Raises:
        InvalidValue: A quantity that cannot be, a name that no resource has, a GPU that `gpus` should say.
    """
    own = resources_of(config, role=role)
    limits = {"cpu": own.cpu, "memory": own.memory}
    for name, text in limits.items():
        key = _key(config, role, name)
        if parse_quantity(text, key=key) == 0:
            raise errors.InvalidValue(f"a replica cannot train with {name} 0", where=key)
    if own.ephemeral_storage is not None:
        parse_quantity(own.ephemeral_storage, key="resources.ephemeral_storage")
        limits["ephemeral-storage"] = own.ephemeral_storage
    if gpus:
        limits[gpu_resource] = str(gpus)
    for name, text in own.extra.items():
        _check_extra(name, text, config=config, gpu_resource=gpu_resource)
        limits[name] = text
    return limits


def _key(config: schema.RunConfig, role: str, name: str) -> str:
    is_own = getattr(getattr(config.resources.roles, role), name) is not None
    return f"resources.roles.{role}.{name}" if is_own else f"resources.{name}"


def _check_extra(name: str, text: str, *, config: schema.RunConfig, gpu_resource: str) -> None:
    where = f"resources.extra.{name}"
    if name in _OWN_KEYS:
        raise errors.InvalidValue(
            f"`{name}` has a key of its own", where=where, hint=f"{_OWN_KEYS[name]}={text}"
        )
    if name == gpu_resource or name in _gpu_names(config) or _GPU.fullmatch(name):
        raise errors.InvalidValue(
            f"`{name}` is a GPU: how many a job gets decides on its replicas and its batch",
            where=where,
            hint="say `gpus`, with a type of `site.gpu_types` where the site has several: gpus=A100:4",
        )
    if not _HUGE_PAGES.fullmatch(name):
        check_resource(name, where=where)
    value = parse_quantity(text, key=where)
    if "/" in name and value != value.to_integral_value():
        raise errors.InvalidValue(
            f"`{text}` of `{name}`: devices are counted in whole numbers", where=where, hint=f"{where}=1"
        )


def _gpu_names(config: schema.RunConfig) -> set[str]:
    return {config.site.gpu_resource, *(kind.resource for kind in config.site.gpu_types.values())}
