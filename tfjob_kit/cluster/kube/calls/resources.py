"""The kinds of objects that the engine touches, and their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

__all__ = [
    "BUDGETS",
    "CONFIG_MAPS",
    "EVENTS",
    "NAMESPACES",
    "NODES",
    "PODS",
    "QUOTAS",
    "TENSORBOARDS",
    "TFJOBS",
    "Resource",
    "companion_resource",
]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A kind and where its objects are.

    Attributes:
        group: Empty for the core API.
        plural: As in addresses and in RBAC rules.
    """

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """As in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """As kubectl and RBAC have it: `tfjobs.kubeflow.org`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, *, namespace: str | None = None, name: str | None = None, part: str | None = None) -> str:
        """The address of a collection, an object, or a part of one (`log`)."""
        words = ["apis", self.group, self.version] if self.group else ["api", self.version]
        words += ["namespaces", namespace] if namespace is not None else []
        words += [self.plural, *(word for word in (name, part) if word is not None)]
        return "/" + "/".join(quote(word, safe="") for word in words)


TFJOBS = Resource(group="kubeflow.org", version="v1", plural="tfjobs", kind="TFJob")
PODS = Resource(group="", version="v1", plural="pods", kind="Pod")
EVENTS = Resource(group="", version="v1", plural="events", kind="Event")
NODES = Resource(group="", version="v1", plural="nodes", kind="Node")
NAMESPACES = Resource(group="", version="v1", plural="namespaces", kind="Namespace")
QUOTAS = Resource(group="", version="v1", plural="resourcequotas", kind="ResourceQuota")
CONFIG_MAPS = Resource(group="", version="v1", plural="configmaps", kind="ConfigMap")
BUDGETS = Resource(group="policy", version="v1", plural="poddisruptionbudgets", kind="PodDisruptionBudget")
TENSORBOARDS = Resource(
    group="tensorboard.kubeflow.org", version="v1alpha1", plural="tensorboards", kind="Tensorboard"
)
_COMPANIONS = {(r.api_version, r.kind): r for r in (CONFIG_MAPS, BUDGETS, TENSORBOARDS)}


def companion_resource(api_version: str, kind: str) -> Resource:
    """The resource of a job's companion. Raises KeyError for a kind that no job needs."""
    return _COMPANIONS[api_version, kind]
