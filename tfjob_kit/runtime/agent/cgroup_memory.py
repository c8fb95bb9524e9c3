"""Whether the kernel killed something here for want of memory, and how much there was.

Owns the files of cgroup v2 (`memory.events`, `memory.max`, `memory.peak`) and v1 (`memory.oom_control`,
`memory.limit_in_bytes`, `memory.max_usage_in_bytes`); Linux Documentation/admin-guide/cgroup-v2.rst and
cgroup-v1/memory.rst. Must not know trainers.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["describe_memory", "find_cgroup", "oom_kills"]

_UNLIMITED = 1 << 60
_MIB = 1 << 20


def find_cgroup(*, root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """Directory of the cgroup that bounds this process's memory; None where there is none to see."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    fields = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    candidates: list[Path] = []
    for _, controllers, path in fields:
        if "memory" in controllers.split(","):
            # In a container the path may be the host's, while the mount shows the container's own.
            candidates += [root / "memory" / path.lstrip("/"), root / "memory"]
        elif not controllers:
            candidates += [root / path.lstrip("/"), root]
    return next((c for c in candidates if oom_kills(c) is not None), None)


def oom_kills(cgroup: Path | None) -> int | None:
    """Processes of the cgroup that the kernel has killed for want of memory so far; None if not known."""
    if cgroup is None:
        return None
    for name in ("memory.events", "memory.oom_control"):
        for line in _read(cgroup / name).splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill" and value.isdigit():
                return int(value)
    return None


def describe_memory(cgroup: Path | None) -> str:
    """`limit 512 MiB, peak 511 MiB`, as far as it is known."""
    if cgroup is None:
        return "limit unknown"
    limit = _bytes(cgroup, "memory.max", "memory.limit_in_bytes")
    peak = _bytes(cgroup, "memory.peak", "memory.max_usage_in_bytes")
    words = [f"limit {limit // _MIB} MiB" if limit else "no limit of its own"]
    if peak is not None:
        words.append(f"peak {peak // _MIB} MiB")
    return ", ".join(words)


def _bytes(cgroup: Path, *names: str) -> int | None:
    texts = [_read(cgroup / name).strip() for name in names]
    numbers = [int(text) for text in texts if text.isdigit()]
    return numbers[0] if numbers and numbers[0] < _UNLIMITED else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
