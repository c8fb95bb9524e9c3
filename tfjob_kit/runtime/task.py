"""Who this replica is: TF_CONFIG, read once.

Owns the forms of TF_CONFIG that the operator writes and their meaning for MultiWorkerMirroredStrategy.
Must not know TensorFlow or sockets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tfjob_kit import contract, errors

__all__ = ["Task", "read_task", "split_address"]

_TRAINING_ROLES = ("chief", "worker")
_KNOWN_ROLES = (*_TRAINING_ROLES, "evaluator")
_HINT = "the operator writes TF_CONFIG; remove it from `env` and let `gpus` and `replicas` decide"


@dataclass(frozen=True, kw_only=True)
class Task:
    """This replica's place in the job.

    Attributes:
        role: `chief`, `worker` or `evaluator`; `chief` when TF_CONFIG is absent.
        index: Index within the role.
        rank: Position among all training replicas: chief first, then workers by index.
        world_size: Training replicas of the whole job (chief and workers).
        peers: `host:port` of TensorFlow's server of each training replica, by `role-index`, in rank order,
            this one included; empty when there is only one.
    """

    role: str
    index: int
    rank: int
    world_size: int
    peers: dict[str, str]

    @property
    def name(self) -> str:
        """`chief-0`, `worker-1`."""
        return f"{self.role}-{self.index}"

    @property
    def is_chief(self) -> bool:
        """The one replica that writes checkpoints and progress: the chief, or worker-0 without one."""
        return self.rank == 0 and self.role != "evaluator"


def read_task(environ: Mapping[str, str]) -> Task:
    """The replica's place in the job; one replica, the chief, without TF_CONFIG.

    An evaluator is the only member of a cluster of its own, as TensorFlow has it.

    Raises:
        ConfigError: TF_CONFIG is not one, or describes a job that the runtime cannot train.
    """
    data = _read_json(environ.get(contract.TF_CONFIG_ENV, ""))
    cluster: dict[str, Any] = data.get("cluster") or {}
    if not cluster:
        return Task(role="chief", index=0, rank=0, world_size=1, peers={})
    addresses = _addresses(cluster)
    role, index = _own_place(data.get("task"), cluster)
    if role == "evaluator":
        return Task(role=role, index=index, rank=0, world_size=1, peers={})
    name = f"{role}-{index}"
    if name not in addresses:
        raise _error(f"TF_CONFIG gives this replica the place `{name}`, which its cluster does not list")
    rank = list(addresses).index(name)
    peers = addresses if len(addresses) > 1 else {}
    return Task(role=role, index=index, rank=rank, world_size=len(addresses), peers=peers)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`.

    Raises:
        ValueError: It has no port.
    """
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ValueError(f"not host:port: {address!r}")
    return host.strip("[]"), int(port)


def _read_json(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise _error(f"TF_CONFIG is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise _error(f"TF_CONFIG is not a JSON object: {text[:60]!r}")
    return cast("dict[str, Any]", data)


def _addresses(cluster: dict[str, Any]) -> dict[str, str]:
    _check_roles(cluster)
    found: dict[str, str] = {}
    for role in _TRAINING_ROLES:
        for index, address in enumerate(cluster.get(role) or []):
            try:
                split_address(address)
            except (ValueError, AttributeError):
                raise _error(
                    f"TF_CONFIG gives {role}-{index} the address {address!r}, not host:port"
                ) from None
            found[f"{role}-{index}"] = address
    return found


def _check_roles(cluster: dict[str, Any]) -> None:
    for role, addresses in cluster.items():
        if role not in _KNOWN_ROLES:
            raise _error(f"TF_CONFIG has the role `{role}`; the runtime trains with chief and workers")
        if not isinstance(addresses, list):
            raise _error(f"TF_CONFIG lists no addresses under `{role}` (a TFJob with enableDynamicWorker?)")
    if len(cluster.get("chief") or []) > 1:
        raise _error(f"TF_CONFIG has {len(cluster['chief'])} chiefs; TensorFlow takes one")


def _own_place(task: Any, cluster: dict[str, Any]) -> tuple[str, int]:
    if not isinstance(task, dict):
        raise _error("TF_CONFIG has a cluster and no `task`: it does not say which replica this is")
    place = cast("dict[str, Any]", task)
    role, index = place.get("type"), place.get("index")
    if role not in _KNOWN_ROLES or isinstance(index, bool) or not isinstance(index, int):
        raise _error(
            f"TF_CONFIG gives this replica the place {role!r} {index!r}",
            nearest=tuple(r for r in _KNOWN_ROLES if r in cluster),
        )
    return cast("str", role), index


def _error(message: str, *, nearest: tuple[str, ...] = ()) -> errors.ConfigError:
    return errors.ConfigError(message, where=contract.TF_CONFIG_ENV, hint=_HINT, nearest=nearest)
