"""Collections, page by page, as complete objects.

A list's items come without `kind` and `apiVersion`; they are filled in, so that an object has one shape
wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import Resource
from tfjob_kit.cluster.port import Object

__all__ = ["Listing", "complete", "list_all"]

_PAGE = 500
_ATTEMPTS = 3
_GONE = 410


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Objects and the version of the collection at which they were so."""

    items: list[Object]
    version: str


def list_all(
    api: Api, resource: Resource, *, namespace: str | None, query: Mapping[str, str] | None = None
) -> Listing:
    """All objects of a collection.

    A listing whose next page the server no longer has (410) begins anew.

    Raises:
        ClusterError: The collection cannot be read.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _pages(api, resource, namespace=namespace, query=query or {})
        except Refused as refused:
            if refused.failure.status != _GONE or attempt == _ATTEMPTS - 1:
                raise refused.error from refused.__cause__
    raise AssertionError("unreachable")


def _pages(api: Api, resource: Resource, *, namespace: str | None, query: Mapping[str, str]) -> Listing:
    items: list[Object] = []
    going_on: dict[str, str] = {}
    while True:
        page = api.send(
            Call(
                verb="list",
                resource=resource,
                namespace=namespace,
                query={**query, "limit": str(_PAGE), **going_on},
            )
        ).data
        items += [complete(item, resource) for item in page.get("items") or ()]
        metadata: Object = page.get("metadata") or {}
        if not metadata.get("continue"):
            return Listing(items=items, version=str(metadata.get("resourceVersion") or ""))
        going_on = {"continue": str(metadata["continue"])}


def complete(item: Object, resource: Resource) -> Object:
    """The object with its kind, as a single read would have it."""
    return {"apiVersion": resource.api_version, "kind": resource.kind, **item}
