"""Evidence that the kernel killed for lack of memory: its counters."""

from __future__ import annotations

from pathlib import Path

__all__ = ["oom_kills"]


def oom_kills() -> int:
    """OOM kills so far, in this process's cgroup and on the whole machine; 0 where nothing can be read."""
    return sum(_counter(path) for path in [*_cgroup_files(), Path("/proc/vmstat")])


def _cgroup_files() -> list[Path]:
    files: list[Path] = []
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            files.append(Path(f"/sys/fs/cgroup{path}/memory.events"))
        elif "memory" in controllers.split(","):
            files.append(Path(f"/sys/fs/cgroup/memory{path}/memory.oom_control"))
    return files


def _counter(path: Path) -> int:
    pairs = [line.split() for line in _lines(path)]
    return sum(int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] == "oom_kill")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
