"""Who holds which ports and GPUs of this machine.

Owns the register that parallel jobs share: <state>/leases.json under leases.lock. A lease counts as long
as its keeper lives: a keeper that was killed frees what it held without having to do anything.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import socket
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfjob_kit.cluster.local.store import files
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.errors import ClusterError

__all__ = ["PORTS_PER_REPLICA", "Leases"]

PORTS_PER_REPLICA = 3
"""TensorFlow's server, the agent's, /metrics: one after the other."""

# Below the range from which the kernel draws ports for outgoing connections (32768 on), so that no
# connection takes a port between its choice and its use.
_FIRST_PORT, _LAST_PORT = 20_000, 32_700


@dataclass(frozen=True, kw_only=True)
class Leases:
    """The register, seen by one job.

    Attributes:
        state: The state directory.
        job: The job that leases; its keeper is the one that calls.
    """

    state: Path
    job: JobDir

    def ports(self, pods: list[str]) -> dict[str, int]:
        """First of three free consecutive ports for each pod; a pod that holds some keeps them.

        Raises:
            ClusterError: No ports are free.
        """
        with self._entry() as (mine, others):
            held: dict[str, int] = mine.setdefault("ports", {})
            taken = [port for entry in others for port in entry.get("ports", {}).values()]
            for pod in pods:
                if pod not in held:
                    held[pod] = _free_ports([*taken, *held.values()])
            return {pod: held[pod] for pod in pods}

    def gpus(self, wanted: dict[str, int], *, found: list[str]) -> dict[str, list[str]] | None:
        """GPUs for every pod, all of them or none: None while other jobs hold too many.

        Args:
            wanted: GPUs by pod; a pod that holds as many keeps them.
            found: GPUs of this machine.
        """
        with self._entry() as (mine, others):
            held: dict[str, list[str]] = mine.get("gpus", {})
            kept = {pod: held[pod] for pod, count in wanted.items() if len(held.get(pod, [])) == count}
            taken = {gpu for entry in others for gpus in entry.get("gpus", {}).values() for gpu in gpus}
            taken |= {gpu for gpus in kept.values() for gpu in gpus}
            free = [gpu for gpu in found if gpu not in taken]
            missing = {pod: count for pod, count in wanted.items() if pod not in kept}
            if sum(missing.values()) > len(free):
                return None
            for pod, count in missing.items():
                kept[pod] = [free.pop(0) for _ in range(count)]
            mine["gpus"] = kept
            return kept

    def give_back(self, *, gpus_only: bool = False) -> None:
        """Frees what the job holds."""
        with self._entry() as (mine, _):
            mine.pop("gpus", None)
            if not gpus_only:
                mine.clear()

    @contextlib.contextmanager
    def _entry(self) -> Generator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        path = self.state / "leases.json"
        name = f"{self.job.ref.namespace}/{self.job.ref.name}"
        with files.locked(self.state / "leases.lock"):
            register = _read(path)
            register = {job: held for job, held in register.items() if job == name or self._is_kept(job)}
            mine = register.setdefault(name, {})
            yield mine, [held for job, held in register.items() if job != name]
            files.write_json(path, {job: held for job, held in register.items() if held})

    def _is_kept(self, job: str) -> bool:
        try:
            lock = files.try_lock(self.state / "jobs" / job / "keeper.lock")
        except OSError:
            return False
        if lock is not None:
            os.close(lock)
        return lock is None


def _read(path: Path) -> dict[str, Any]:
    # A damaged register is made anew: every port is proved free before it is used.
    with contextlib.suppress(FileNotFoundError, ClusterError):
        return files.read_json(path)
    return {}


def _free_ports(taken: list[int]) -> int:
    """First of three consecutive ports that nobody has registered and nobody listens on."""
    step = PORTS_PER_REPLICA
    candidates = list(range(_FIRST_PORT, _LAST_PORT - step, step))
    start = random.randrange(len(candidates))
    for first in [*candidates[start:], *candidates[:start]]:
        apart = all(abs(first - port) >= step for port in taken)
        if apart and all(_is_free(port) for port in range(first, first + step)):
            return first
    raise ClusterError("no three free ports in a row are left on this machine", retryable=True)


def _is_free(port: int) -> bool:
    """Whether the port can be bound on all interfaces, IPv4 and, where there is any, IPv6."""
    tries: list[tuple[socket.AddressFamily, str]] = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]
    return all(_can_bind(family, host, port) for family, host in tries)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((host, port))
    except OSError as error:
        return family == socket.AF_INET6 and error.errno in _NO_IPV6
    return True


_NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
