"""NVIDIA GPUs of this machine and how many a job asks for.

Owns finding them; must not know who holds which (see `leases`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import ClusterError, RefusedError

__all__ = ["GpuFinder", "check_gpus", "find_gpus", "gpus_of_pod", "is_gpu", "visible_gpus"]

GpuFinder = Callable[[], list[str]]
"""Indices of the GPUs there are, in PCI order, as CUDA_VISIBLE_DEVICES names them."""

_PREFIX = "nvidia.com/"


def find_gpus() -> list[str]:
    """GPUs as NVML reports them, else as nvidia-smi does; none where neither works."""
    found = _ask_nvml()
    return _ask_nvidia_smi() if found is None else found


def visible_gpus(found: list[str], environ: Mapping[str, str]) -> list[str]:
    """Those that the caller's own CUDA_VISIBLE_DEVICES leaves over; ids in it are taken as they are."""
    given = environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        return found
    wanted: list[str] = []
    for word in given.split(","):
        name = word.strip()
        if (name.isdigit() and name not in found) or not name or name == "-1":
            break
        wanted.append(name)
    return wanted if found else []


def gpus_of_pod(template: Object) -> int:
    """GPUs that a pod claims: the limits under `nvidia.com/`, MIG slices counted as GPUs here."""
    limits = [part(c, "resources", "limits") for c in items(template, "spec", "containers")]
    return sum(_count(name, n) for limit in limits for name, n in limit.items() if is_gpu(name))


def is_gpu(resource: str) -> bool:
    """Whether a resource is a GPU of this machine's, or part of one."""
    return resource.startswith(_PREFIX)


def _count(name: str, quantity: object) -> int:
    if not str(quantity).isdigit():
        raise ClusterError(f"the TFJob is not valid: `{name}: {quantity}` is not a whole number", status=422)
    return int(str(quantity))


def check_gpus(asked: int, *, found: list[str], replicas: int) -> None:
    """Raises RefusedError when there are GPUs, and fewer than the job asks for."""
    if not found or asked <= len(found):
        return
    raise RefusedError(
        f"the job asks for {asked} GPUs and this machine has {len(found)}",
        hint=f"gpus={len(found)} trains on what is here; gpus=0 replicas={replicas} trains on the CPU",
    )


def _ask_nvml() -> list[str] | None:
    try:
        import pynvml  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]
    except ImportError:
        return None
    nvml: Any = pynvml
    try:
        nvml.nvmlInit()
        try:
            return [str(index) for index in range(int(nvml.nvmlDeviceGetCount()))]
        finally:
            nvml.nvmlShutdown()
    except nvml.NVMLError:
        return None


def _ask_nvidia_smi() -> list[str]:
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip().isdigit()]
