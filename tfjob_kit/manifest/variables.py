"""Variables of a container: values, and references to Secrets and ConfigMaps."""

from __future__ import annotations

from typing import Any

from tfjob_kit.plan import JobPlan, Role
from tfjob_kit.plan.env_references import EnvReference, EnvSource

__all__ = ["build_env", "build_env_from"]

_KEYS = {"Secret": "secretKeyRef", "ConfigMap": "configMapKeyRef"}
_WHOLE = {"Secret": "secretRef", "ConfigMap": "configMapRef"}


def build_env(plan: JobPlan, role: Role) -> list[dict[str, Any]]:
    """`env`: what comes from the cluster, then the values; the config, the longest of them, last."""
    return [
        *(_reference(reference) for reference in plan.env_references),
        *({"name": name, "value": value} for name, value in role.env),
    ]


def build_env_from(plan: JobPlan) -> list[dict[str, Any]]:
    """`envFrom`, over which every entry of `env` wins."""
    return [_source(source) for source in plan.env_sources]


def _reference(reference: EnvReference) -> dict[str, Any]:
    value = {_KEYS[reference.kind]: {"name": reference.name, "key": reference.key}}
    return {"name": reference.variable, "valueFrom": value}


def _source(source: EnvSource) -> dict[str, Any]:
    return {_WHOLE[source.kind]: {"name": source.name}}
