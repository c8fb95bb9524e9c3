"""What a node left on the machine, and sweeping away what a killed one could not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from real_node.addresses import PREFIX

_CGROUPS = Path("/sys/fs/cgroup")
_SHARES = {"cpu.shares": "8192", "cpu.weight": "800"}
"""All pods together weigh as eight processes; as one, beside other work, they were starved."""


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Everything of one node that the machine can see; nothing of it stays when the node ends.

    Attributes:
        processes: `pid command line` of each that names the node's folder.
        mounts: Below the folder, in this process's namespace.
        links: Network devices.
        cgroups: Folders.
    """

    processes: tuple[str, ...]
    mounts: tuple[str, ...]
    links: tuple[str, ...]
    cgroups: tuple[str, ...]


def find(folder: Path, owner: int) -> Traces:
    """The traces of a node by its folder and the process that holds its namespaces."""
    mounts = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    links = (link.name for link in Path("/sys/class/net").iterdir())
    return Traces(
        processes=tuple(_processes(str(folder))),
        mounts=tuple(place for place in mounts if place.startswith(str(folder))),
        links=tuple(name for name in links if name == f"{PREFIX}{owner}"),
        cgroups=tuple(str(place) for place in _places() if place.name == f"{PREFIX}-{owner}"),
    )


def make_cgroups(name: str) -> None:
    """The group of a node in every hierarchy; the kubelet wants it to be there."""
    for hierarchy in _hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for file, weight in _SHARES.items():
            if (group / file).exists():
                (group / file).write_text(weight)


def sweep_cgroups() -> None:
    """Removes the groups of nodes that are no more: of this one, and of those whose test run was killed."""
    for place in list(_places()):
        if not Path("/proc", place.name.removeprefix(f"{PREFIX}-")).exists():
            _remove(place)


def _places() -> Iterator[Path]:
    for hierarchy in _hierarchies():
        yield from hierarchy.glob(f"{PREFIX}-*")


def _hierarchies() -> list[Path]:
    """Version 2 alone, or every hierarchy of version 1."""
    if (_CGROUPS / "cgroup.procs").exists():
        return [_CGROUPS]
    return [
        place for place in _CGROUPS.iterdir() if (place / "cgroup.procs").exists() and not place.is_symlink()
    ]


def _remove(place: Path) -> None:
    for folder in sorted((each for each in place.rglob("*") if each.is_dir()), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
    # One that still holds a process stays, and `find` shows it.
    with contextlib.suppress(OSError):
        place.rmdir()


def _processes(folder: str) -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
        except OSError:
            continue
        if folder in words:
            yield f"{entry.name} {words}"
