"""How the pods of a job reach each other: the network they are in and the devices beside it."""

from __future__ import annotations

from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan import references

__all__ = ["Network", "make_devices", "make_network"]

_LOCK_MEMORY = "IPC_LOCK"


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network of every pod.

    Attributes:
        is_host: Pods share the network of their node, its ports included.
        devices: Names of the resources beside CPU, memory and GPUs, one of each per training replica.
        capabilities: Linux capabilities that the container gets beside none at all.
    """

    is_host: bool
    devices: tuple[str, ...]
    capabilities: tuple[str, ...]


def make_network(config: schema.RunConfig) -> Network:
    """The network that `communication` asks for.

    An RDMA device needs memory that stays where it is, and locking it beyond the node's limit the capability
    IPC_LOCK.

    Raises:
        InvalidValue: A device that cannot be.
    """
    devices = tuple(make_devices(config))
    return Network(
        is_host=config.communication.host_network,
        devices=devices,
        capabilities=(_LOCK_MEMORY,) if devices else (),
    )


def make_devices(config: schema.RunConfig) -> dict[str, str]:
    """Resources of each training replica beside CPU, memory and GPUs: its RDMA device, by resource name.

    Raises:
        InvalidValue: A name that no device plugin can have, or a resource that is asked for already.
    """
    resource, key = config.communication.rdma_resource, "communication.rdma_resource"
    if resource is None:
        return {}
    references.check_resource(resource, where=key)
    if resource in config.resources.extra:
        raise errors.InvalidValue(
            f"`{resource}` is asked for in `resources.extra` too", where=key, hint="drop it there"
        )
    return {resource: "1"}
