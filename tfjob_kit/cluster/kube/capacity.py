"""What the cluster can hold, as far as the caller may look."""

from __future__ import annotations

from tfjob_kit import errors
from tfjob_kit.cluster.kube.calls.api import Api
from tfjob_kit.cluster.kube.calls.resources import NODES, PODS, QUOTAS, Resource
from tfjob_kit.cluster.kube.listing import list_all
from tfjob_kit.cluster.port import Capacity, Object

__all__ = ["read_capacity"]

_HOLDING = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"


def read_capacity(api: Api, *, namespace: str) -> Capacity:
    """Nodes, what holds their resources, and the namespace's quotas.

    Raises:
        NotConnected: The server cannot be reached.
    """
    nodes = _readable(api, NODES)
    return Capacity(
        nodes=nodes,
        pods=_readable(api, PODS, selector=_HOLDING) if nodes is not None else None,
        quotas=_readable(api, QUOTAS, namespace=namespace),
    )


def _readable(
    api: Api, resource: Resource, *, namespace: str | None = None, selector: str | None = None
) -> list[Object] | None:
    try:
        query = {"fieldSelector": selector} if selector else {}
        return list_all(api, resource, namespace=namespace, query=query).items
    except errors.NotConnected:
        raise
    except errors.ClusterError:
        return None
