"""Whether TensorFlow sees exactly the GPUs that this replica was given.

Owns the comparison and the words for a difference. A replica that trains on its CPU because a driver is
missing would look healthy and take a hundred times as long, so it ends instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.runtime.trainer import failures, gpu_totals

__all__ = ["GpuFacts", "check_gpus", "claimed_gpus"]


@dataclass(frozen=True, kw_only=True)
class GpuFacts:
    """What is known about GPUs here.

    Attributes:
        claimed: GPUs that the replica was given.
        seen: GPUs that TensorFlow lists.
        cuda_build: Whether this TensorFlow can use GPUs at all.
        selection: CUDA_VISIBLE_DEVICES, None when not set.
        totals: What the driver says.
    """

    claimed: int
    seen: int
    cuda_build: bool
    selection: str | None
    totals: gpu_totals.GpuTotals


def claimed_gpus(config: schema.RunConfig, environ: Mapping[str, str]) -> int:
    """GPUs that this replica was given.

    Raises:
        ConfigError: The variable is not a whole number.
    """
    text = environ.get(contract.GPUS_ENV, "").strip()
    if not text:
        return config.gpus.per_replica
    if not text.isdigit():
        raise errors.InvalidValue(
            f"{contract.GPUS_ENV} is {text!r}, not a number of GPUs", where=contract.GPUS_ENV
        )
    return int(text)


def check_gpus(facts: GpuFacts) -> None:
    """Passes when TensorFlow sees the claimed number.

    Raises:
        GpuCheckError: It sees more or fewer; with what is known about the reason and the way out.
    """
    if facts.seen == facts.claimed:
        return
    raise failures.GpuCheckError(
        f"this replica was given {_count(facts.claimed)} and TensorFlow sees {facts.seen}: {_reason(facts)}",
        hint=_way_out(facts),
        where="gpu check",
    )


def _reason(facts: GpuFacts) -> str:
    if facts.seen > facts.claimed:
        chosen = facts.selection if facts.selection is not None else "not set"
        return f"CUDA_VISIBLE_DEVICES is {chosen}"
    if not facts.cuda_build:
        return "this build of TensorFlow has no CUDA"
    if facts.totals.mib is None:
        return f"no NVIDIA driver answers ({facts.totals.reason})"
    if len(facts.totals.mib) < facts.claimed:
        selection = f", CUDA_VISIBLE_DEVICES={facts.selection}" if facts.selection is not None else ""
        return f"the driver lists {_count(len(facts.totals.mib))} for it{selection}"
    return f"the driver lists {_count(len(facts.totals.mib))}, so TensorFlow cannot load its CUDA libraries"


def _way_out(facts: GpuFacts) -> str:
    if facts.seen > facts.claimed:
        return f"hide the others with CUDA_VISIBLE_DEVICES, or claim them with gpus={facts.seen}"
    if facts.totals.mib is not None and len(facts.totals.mib) >= facts.claimed > 0:
        return "use an image with TensorFlow's CUDA wheels (`pip install 'tensorflow[and-cuda]'`)"
    return (
        "check the node's driver and device plugin and the GPU limit of the container, or train on CPUs: "
        f"gpus=0 replicas=N (by hand: {contract.GPUS_ENV}=0)"
    )


def _count(number: int) -> str:
    return f"{number} GPU" if number == 1 else f"{number} GPUs"
