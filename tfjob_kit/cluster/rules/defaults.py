"""The operator's defaults, which live in its memory only: the stored job never shows them.

Rules: pkg/apis/kubeflow.org/v1/tensorflow_defaults.go.
"""

from __future__ import annotations

import copy
from typing import Any

from tfjob_kit import contract
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items

__all__ = ["LEADERS", "ROLE_ORDER", "tf_port", "with_defaults"]

ROLE_ORDER = ("Chief", "Evaluator", "Master", "PS", "Worker")
"""Known roles in the order in which the operator looks at their status."""
LEADERS = ("Chief", "Master")
"""With one of them, it alone decides on Running and Succeeded."""
_SPELLING = {role.lower(): role for role in ROLE_ORDER}
_PORT_NAME = "tfjob-port"


def with_defaults(job: Object) -> Object:
    """A copy of the job as the operator sees it: roles spelt its way, every default filled in."""
    job = copy.deepcopy(job)
    spec: Object = job["spec"]
    spec["successPolicy"] = spec.get("successPolicy") or ""
    spec["runPolicy"] = {"cleanPodPolicy": "None", "suspend": False} | _given(spec.get("runPolicy"))
    roles: Object = spec["tfReplicaSpecs"]
    spec["tfReplicaSpecs"] = {_SPELLING.get(name.lower(), name): _role(role) for name, role in roles.items()}
    return job


def _given(fields: Object | None) -> Object:
    return {name: value for name, value in (fields or {}).items() if value is not None}


def _role(role: Object) -> Object:
    role = {"replicas": 1, "restartPolicy": "Never"} | _given(role)
    for container in role["template"]["spec"]["containers"]:
        if container["name"] == contract.CONTAINER_NAME:
            _add_port(container)
    return role


def _add_port(container: Object) -> None:
    ports: list[Any] = container.get("ports") or []
    if all(port.get("name") != _PORT_NAME for port in ports):
        ports = [*ports, {"name": _PORT_NAME, "containerPort": contract.TF_PORT}]
    container["ports"] = [{"protocol": "TCP"} | port for port in ports]


def tf_port(role: Object) -> int:
    """Port of TensorFlow's server in a role that has its defaults."""
    for container in role["template"]["spec"]["containers"]:
        for port in items(container, "ports"):
            if container["name"] == contract.CONTAINER_NAME and port.get("name") == _PORT_NAME:
                return int(port["containerPort"])
    return contract.TF_PORT
