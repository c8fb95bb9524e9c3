"""Total memory of the GPUs that this process may use, before TensorFlow starts.

Owns the questions to NVML, or to `nvidia-smi` where NVML's Python package cannot answer, and the mapping
from CUDA_VISIBLE_DEVICES, which both ignore. TensorFlow itself tells no total. Never guesses: what cannot
be read is said to be unknown.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["GpuTotals", "read_totals", "visible"]

_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class GpuTotals:
    """What the driver says.

    Attributes:
        mib: Total MiB of each visible GPU, in CUDA's order; None when that is not known.
        reason: Why it is not known, or why there is none.
    """

    mib: tuple[int, ...] | None
    reason: str = ""


def visible(cards: Sequence[tuple[str, int]], selection: str | None) -> GpuTotals:
    """The totals of the cards that CUDA_VISIBLE_DEVICES selects.

    Args:
        cards: UUID and MiB of each card of the machine, in PCI order.
        selection: CUDA_VISIBLE_DEVICES; None when it is not set. As CUDA reads it: indices or the beginnings
            of UUIDs, and everything after the first invalid entry is ignored.
    """
    if selection is None:
        return GpuTotals(mib=tuple(mib for _, mib in cards))
    chosen: list[int] = []
    for word in (w.strip() for w in selection.split(",")):
        if word.startswith("MIG-"):
            return GpuTotals(mib=None, reason=f"{word} is a part of a card and only NVML knows its size")
        found = [
            mib for i, (uuid, mib) in enumerate(cards) if word == str(i) or (word and uuid.startswith(word))
        ]
        if len(found) != 1:
            break
        chosen.append(found[0])
    return GpuTotals(mib=tuple(chosen), reason=f"CUDA_VISIBLE_DEVICES={selection}" if not chosen else "")


def read_totals(environ: Mapping[str, str]) -> GpuTotals:
    """Asks NVML, then nvidia-smi."""
    selection = environ.get("CUDA_VISIBLE_DEVICES")
    try:
        return _ask_nvml(selection)
    except Exception as error:  # NVML's package raises classes of its own, made at run time
        nvml = f"NVML: {error}"
    try:
        return visible(_ask_nvidia_smi(), selection)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return GpuTotals(mib=None, reason=f"{nvml}; nvidia-smi: {error}")


def _ask_nvml(selection: str | None) -> GpuTotals:
    import pynvml

    pynvml.nvmlInit()
    try:
        words = [w.strip() for w in (selection or "").split(",")]
        if any(word.startswith("MIG-") for word in words):
            handles = [pynvml.nvmlDeviceGetHandleByUUID(word) for word in words]
            return GpuTotals(mib=tuple(_total_mib(handle) for handle in handles))
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        cards = [(_text(pynvml.nvmlDeviceGetUUID(h)), _total_mib(h)) for h in handles]
        return visible(cards, selection)
    finally:
        pynvml.nvmlShutdown()


def _total_mib(handle: Any) -> int:
    import pynvml

    memory: Any = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return int(memory.total) // _MIB


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _ask_nvidia_smi() -> list[tuple[str, int]]:
    command = ["nvidia-smi", "--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits"]
    output = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    rows = [line.split(",") for line in output.splitlines() if line.strip()]
    return [(uuid.strip(), int(mib)) for uuid, mib in rows]
