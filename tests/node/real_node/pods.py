"""Processes of the node's pods, as this machine sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ZYGOTE = "tfjob_kit.runtime.trainer.zygote"


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process, by its number on this machine."""

    pid: int
    parent: int
    argv: tuple[str, ...]


def processes(pod_uid: str) -> list[Process]:
    """Every living process in the cgroups of a pod."""
    return list(_read(pod_uid))


def find(pod_uid: str, kind: str) -> int | None:
    """The pid of a replica's `agent` or `trainer`; None when it is not there now."""
    there = processes(pod_uid)
    zygotes = {one.pid for one in there if _ZYGOTE in one.argv}
    trainers = [one.pid for one in there if one.parent in zygotes]
    agents = [one.parent for one in there if one.pid in zygotes and one.parent not in zygotes]
    found = trainers if kind == "trainer" else agents
    return found[0] if found else None


def _read(pod_uid: str) -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if pod_uid not in (entry / "cgroup").read_text():
                continue
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            argv = tuple((entry / "cmdline").read_text().split("\0")[:-1])
        except OSError:
            continue
        if stat[0] != "Z":
            yield Process(pid=int(entry.name), parent=int(stat[1]), argv=argv)
