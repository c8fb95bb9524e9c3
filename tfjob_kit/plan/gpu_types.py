"""What the type in `gpus=TYPE:N` means in this cluster: a resource, nodes, and how many a replica can use."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from tfjob_kit import errors
from tfjob_kit.config import plain, schema
from tfjob_kit.plan import references

__all__ = ["GpuType", "check_gpus_per_replica", "check_memory_limit", "choose_gpu_type"]

_MIG_PREFIX = "mig-"
_MIG_DOMAIN = "nvidia.com"
_MIG_PROFILE = re.compile(r"mig-(?:[0-9]+c\.)?[0-9]+g\.[0-9]+gb(?:[.\-][a-z]+)*")
"""Compute instance, GPU instance, memory, attributes: `mig-1c.3g.20gb`, `mig-1g.10gb.me`."""


@dataclass(frozen=True, kw_only=True)
class GpuType:
    """One kind of GPU.

    Attributes:
        name: As `gpus` names it; None for the site's plain GPU.
        resource: Resource name of one, e.g. `nvidia.com/gpu`.
        node_selector: Labels of the nodes that have it.
        tolerations: What its nodes ask for.
        is_shared: Time-sliced: several pods may be on one card at the same time.
        memory_mib: MiB of a card, or of a pod's share of it; None: not known.
    """

    name: str | None
    resource: str
    node_selector: dict[str, str]
    tolerations: tuple[dict[str, Any], ...]
    is_shared: bool
    memory_mib: int | None

    @property
    def is_mig(self) -> bool:
        """One of it is a MIG device: a part of a card with memory of its own."""
        return self.resource.startswith(f"{_MIG_DOMAIN}/{_MIG_PREFIX}")

    @property
    def noun(self) -> str:
        """What one of it is called: `GPU`, `MIG device`, `shared GPU`."""
        return "MIG device" if self.is_mig else "shared GPU" if self.is_shared else "GPU"


def choose_gpu_type(config: schema.RunConfig) -> GpuType:
    """The type that `gpus` names; without one the site's plain GPU.

    A type that begins with `mig-` and that the site does not define is the resource that NVIDIA's device
    plugin has for it under strategy `mixed`: `mig-1g.10gb` is `nvidia.com/mig-1g.10gb`.

    Raises:
        UnknownChoice: The site has no such type.
        InvalidValue: The site's resource name cannot be, or the type is that of no GPU.
    """
    name, known = config.gpus.type, config.site.gpu_types
    if name is None:
        resource = references.check_resource(config.site.gpu_resource, where="site.gpu_resource")
        return _make(None, schema.GpuTypeConfig(resource=resource))
    if not config.gpus.total:
        what = f"a job without GPUs has no GPU type `{name}`"
        raise errors.InvalidValue(what, where="gpus", hint="`gpus=0`")
    if name in known:
        references.check_resource(known[name].resource, where=f"site.gpu_types.{name}.resource")
        for key, value in known[name].node_selector.items():
            references.check_label(key, value, where=f"site.gpu_types.{name}.node_selector.{key}")
        return _make(name, known[name])
    if _MIG_PROFILE.fullmatch(name):
        return _make(name, schema.GpuTypeConfig(resource=f"{_MIG_DOMAIN}/{name}"))
    raise _unknown(name, config)


def check_gpus_per_replica(gpu_type: GpuType, gpus_per_replica: int, *, total: int) -> None:
    """Refuses what a replica could ask for and not use.

    Raises:
        RefusedError: Several MIG devices or several shares of cards in one replica.
    """
    if gpus_per_replica <= 1 or not (gpu_type.is_mig or gpu_type.is_shared):
        return
    prefix = f"{gpu_type.name}:" if gpu_type.name else ""
    way_out = f"write `gpus={prefix}{total}`: {total} replicas with one each"
    if gpu_type.is_mig:
        # NVIDIA MIG User Guide, "CUDA Device Enumeration": a CUDA process enumerates a single MIG device,
        # however many are there (CUDA 11/R450, CUDA 12/R525).
        raise errors.RefusedError(
            f"a replica with {gpus_per_replica} MIG devices would train on one of them: "
            "a CUDA process sees a single MIG device",
            where="gpus",
            hint=way_out,
        )
    # NVIDIA GPU Operator, "Time-Slicing GPUs in Kubernetes": a request for more than one shared GPU does not
    # give more of it, and the device plugin can be set to refuse it (failRequestsGreaterThanOne).
    raise errors.RefusedError(
        f"{gpus_per_replica} shares of `{gpu_type.name}` give a replica no more than one does: "
        "the type is time-sliced",
        where="gpus",
        hint=way_out,
    )


def check_memory_limit(gpu_type: GpuType, memory: schema.GpuMemoryConfig) -> None:
    """Refuses a limit that is more than a card has, or a pod's share of it.

    Raises:
        RefusedError: `gpu_memory.limit_mib` above what the site says of the type.
    """
    limit, has = memory.limit_mib, gpu_type.memory_mib
    if memory.mode is not schema.GpuMemoryMode.limit or limit is None or has is None or limit <= has:
        return
    raise errors.RefusedError(
        f"a limit of {limit} MiB is more than a {gpu_type.noun} of type `{gpu_type.name}` has: {has} MiB",
        where="gpu_memory.limit_mib",
        hint=f"`gpu_memory.limit_mib={has * 9 // 10}` leaves the driver its part",
    )


def _make(name: str | None, known: schema.GpuTypeConfig) -> GpuType:
    return GpuType(
        name=name,
        resource=known.resource,
        node_selector=dict(known.node_selector),
        tolerations=tuple(known.tolerations),
        is_shared=known.shared,
        memory_mib=known.memory_mib,
    )


def _unknown(name: str, config: schema.RunConfig) -> errors.UnknownChoice:
    known = sorted(config.site.gpu_types)
    if name.startswith(_MIG_PREFIX):
        return errors.UnknownChoice(
            f"`{name}` is no MIG profile",
            where="gpus",
            hint="write it as in `mig-1g.10gb`, which means the resource `nvidia.com/mig-1g.10gb`, "
            "or name its resource in `site.gpu_types`",
        )
    size = str(plain.format_size(config.gpus)).removeprefix(f"{name}:")
    near = _nearest(name, known)
    none = f"`site.gpu_types` has none: define it there, or take any GPU: `gpus={size}`"
    return errors.UnknownChoice(
        f"no GPU type `{name}` in this cluster",
        where="gpus",
        nearest=tuple(f"gpus={other}:{size}" for other in near),
        hint=f"`site.gpu_types` has {', '.join(known)}" if known else none,
    )


def _nearest(name: str, known: list[str]) -> list[str]:
    """Types that begin with the name, `T4-shared` for `t4`, then those that look like it; at most three."""
    low = name.lower()
    longer = [each for each in known if each.lower().startswith(low)]
    alike = {each.lower(): each for each in known}
    close = [alike[each] for each in difflib.get_close_matches(low, alike, n=3, cutoff=0.4)]
    return list(dict.fromkeys([*longer, *close]))[:3]
