"""How this replica takes the memory of its GPUs.

Owns the five modes as one decision (`plan_memory`, pure) and its application, which comes before TensorFlow
touches a device. TensorFlow 2.21 accepts mixtures and drops parts of them silently (growth, then a limit on
one card: growth is gone on all), so a plan is applied to every card or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfjob_kit.config.schema import GpuMemoryConfig, GpuMemoryMode
from tfjob_kit.runtime.trainer import failures, gpu_totals

__all__ = ["MemoryPlan", "apply_memory", "plan_memory"]

_FORCE_GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"


@dataclass(frozen=True, kw_only=True)
class MemoryPlan:
    """What is set for the cards; nothing at all for modes exclusive and async.

    Attributes:
        growth: Memory is taken as it is needed.
        limits_mib: MiB for each visible card, in order; empty for no limit.
    """

    growth: bool = False
    limits_mib: tuple[int, ...] = ()


def plan_memory(
    config: GpuMemoryConfig, *, gpus: int, totals: gpu_totals.GpuTotals, environ: Mapping[str, str]
) -> MemoryPlan:
    """The settings for `gpus` visible cards.

    Raises:
        GpuCheckError: A share of a total that nobody knows, a limit above the total, or an environment
            variable that TensorFlow would follow instead.
    """
    if gpus == 0:
        return MemoryPlan()
    _refuse_environment(config.mode, environ)
    if config.mode is GpuMemoryMode.growth:
        return MemoryPlan(growth=True)
    if config.mode is GpuMemoryMode.fraction:
        return MemoryPlan(limits_mib=_shares(config.fraction, gpus, totals))
    if config.mode is GpuMemoryMode.limit:
        return MemoryPlan(limits_mib=_limits(config.limit_mib, gpus, totals))
    return MemoryPlan()


def apply_memory(plan: MemoryPlan, *, gpus: Sequence[Any]) -> None:
    """Tells TensorFlow, for every card; before anything touches a device.

    Args:
        plan: Of `plan_memory`.
        gpus: Physical devices as TensorFlow lists them.
    """
    import tensorflow as tf

    for gpu in gpus if plan.growth else ():
        tf.config.experimental.set_memory_growth(gpu, True)
    # One logical device per card: with more, TensorFlow gives up NCCL.
    for gpu, mib in zip(gpus, plan.limits_mib, strict=False):
        limit = tf.config.LogicalDeviceConfiguration(memory_limit=mib)
        tf.config.set_logical_device_configuration(gpu, [limit])


def _refuse_environment(mode: GpuMemoryMode, environ: Mapping[str, str]) -> None:
    if environ.get(_FORCE_GROWTH) is not None and mode is not GpuMemoryMode.growth:
        raise _refused(
            f"{_FORCE_GROWTH}={environ[_FORCE_GROWTH]} overrides gpu_memory.mode={mode.value}",
            hint=f"remove {_FORCE_GROWTH} from env, or choose gpu_memory=growth",
        )
    allocator = environ.get("TF_GPU_ALLOCATOR")
    if mode is GpuMemoryMode.async_ and allocator != "cuda_malloc_async":
        raise _refused(
            f"gpu_memory.mode=async needs TF_GPU_ALLOCATOR=cuda_malloc_async, and it is {allocator}",
            hint="remove TF_GPU_ALLOCATOR from env; the runtime sets it",
        )
    if mode in (GpuMemoryMode.fraction, GpuMemoryMode.limit) and allocator == "cuda_malloc_async":
        # Its pool grows past memory_limit (TensorFlow 2.21, gpu_cudamallocasync_allocator.cc).
        raise _refused(
            f"gpu_memory.mode={mode.value} is no limit with TF_GPU_ALLOCATOR={allocator}",
            hint="remove TF_GPU_ALLOCATOR from env, or choose gpu_memory=async",
        )


def _shares(fraction: float, gpus: int, totals: gpu_totals.GpuTotals) -> tuple[int, ...]:
    if totals.mib is None or len(totals.mib) != gpus:
        known = totals.reason or f"the driver lists {len(totals.mib or ())} of {gpus}"
        raise _refused(
            f"gpu_memory.mode=fraction needs each card's total, which is not known: {known}",
            hint="gpu_memory=limit gpu_memory.limit_mib=N, or gpu_memory=growth",
        )
    return tuple(int(fraction * mib) for mib in totals.mib)


def _limits(limit_mib: int | None, gpus: int, totals: gpu_totals.GpuTotals) -> tuple[int, ...]:
    if limit_mib is None:
        raise _refused("gpu_memory.mode=limit without a limit", hint="gpu_memory.limit_mib=8192")
    smallest = min(totals.mib or (limit_mib,))
    if limit_mib > smallest:
        raise _refused(
            f"gpu_memory.limit_mib={limit_mib} is more than a card's total of {smallest} MiB",
            hint=f"gpu_memory.limit_mib={int(smallest * 0.85)}",
        )
    return (limit_mib,) * gpus


def _refused(message: str, *, hint: str) -> failures.GpuCheckError:
    return failures.GpuCheckError(message, hint=hint, where="gpu memory")
