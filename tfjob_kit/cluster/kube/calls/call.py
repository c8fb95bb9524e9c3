"""One call as a value: what is asked of the API server, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tfjob_kit.cluster.kube.calls.resources import Resource

__all__ = ["Call"]

Verb = Literal["get", "list", "watch", "create", "patch", "delete"]
_METHODS: dict[Verb, str] = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "patch": "PATCH",
    "delete": "DELETE",
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request and what it is about.

    Attributes:
        verb: As RBAC has it.
        namespace: None for cluster-wide collections.
        part: Of an object: `log`.
        is_repeatable: Sending it twice has the effect of sending it once.
    """

    verb: Verb
    resource: Resource
    namespace: str | None = None
    name: str | None = None
    part: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: dict[str, Any] | None = None
    is_repeatable: bool = True

    @property
    def method(self) -> str:
        """The HTTP method."""
        return _METHODS[self.verb]

    @property
    def path(self) -> str:
        """The address without host and query."""
        name = None if self.verb == "create" else self.name
        return self.resource.path(namespace=self.namespace, name=name, part=self.part)

    @property
    def about(self) -> str:
        """For people: `tfjobs.kubeflow.org`, `pods/log`."""
        return f"{self.resource.plural}/{self.part}" if self.part else self.resource.full_name
