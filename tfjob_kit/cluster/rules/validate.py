"""Whether an API server would take a TFJob: types of the CRD, then the operator's webhook, then pods.

Rules: manifests/base/crds/kubeflow.org_tfjobs.yaml and pkg/webhooks/tensorflow/tfjob_webhook.go, v1.9.4. One
rule is kept earlier than a cluster keeps it: a misspelt restart policy, which there leaves a job without any
pod, is refused with the job.
"""

from __future__ import annotations

import re
from typing import Any, cast

from tfjob_kit import contract, errors
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part

__all__ = ["validate"]

_DNS_1035 = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_RESTART_POLICIES = ("Always", "ExitCode", "Never", "OnFailure")
_MANAGERS = ("kubeflow.org/training-operator", "kueue.x-k8s.io/multikueue")
_RUN_POLICY_TYPES: dict[str, type] = {
    "cleanPodPolicy": str,
    "ttlSecondsAfterFinished": int,
    "activeDeadlineSeconds": int,
    "backoffLimit": int,
    "suspend": bool,
    "managedBy": str,
    "schedulingPolicy": dict,
}
_ROLE_TYPES: dict[str, type] = {"replicas": int, "restartPolicy": str, "template": dict}
_CONTAINER_TYPES: dict[str, type] = {
    "name": str,
    "image": str,
    "command": list,
    "args": list,
    "env": list,
    "ports": list,
    "resources": dict,
    "workingDir": str,
}
_WORDS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def validate(job: Object, *, old: Object | None = None) -> None:
    """Returns when the job may be stored.

    Args:
        job: The TFJob as it would be stored.
        old: The same before an update.

    Raises:
        ClusterError: Status 422; `where` names the field.
    """
    _expect(job, {"apiVersion": str, "kind": str, "metadata": dict, "spec": dict}, path="", need=True)
    if (job["apiVersion"], job["kind"]) != ("kubeflow.org/v1", "TFJob"):
        raise _invalid("kind", f"{job['apiVersion']} {job['kind']} is not a kubeflow.org/v1 TFJob")
    _check_metadata(job["metadata"])
    _check_run_policy(job["spec"], old=old)
    roles = job["spec"].get("tfReplicaSpecs")
    if not isinstance(roles, dict):
        raise _invalid("spec.tfReplicaSpecs", "roles are required")
    for name, role in cast("dict[str, Any]", roles).items():
        _check_role(role, path=f"spec.tfReplicaSpecs.{name}")
    if "Chief" in roles and "Master" in roles:
        raise _invalid("spec.tfReplicaSpecs", "a job has a Chief or a Master, not both")


def _check_metadata(metadata: Object) -> None:
    _expect(metadata, {"name": str, "namespace": str}, path="metadata", need=True)
    if not _DNS_1035.fullmatch(metadata["name"]):
        raise _invalid(
            "metadata.name",
            f"`{metadata['name']}` is not a DNS label that begins with a letter, at most 63 characters",
        )
    for kind in ("labels", "annotations"):
        _expect(metadata, {kind: dict}, path="metadata")
        _check_texts(metadata.get(kind) or {}, path=f"metadata.{kind}")


def _check_run_policy(spec: Object, *, old: Object | None) -> None:
    _expect(spec, {"runPolicy": dict, "successPolicy": str, "enableDynamicWorker": bool}, path="spec")
    policy = part(spec, "runPolicy")
    _expect(policy, _RUN_POLICY_TYPES, path="spec.runPolicy")
    manager, path = policy.get("managedBy"), "spec.runPolicy.managedBy"
    if manager is not None and manager not in _MANAGERS:
        raise _invalid(path, f"`{manager}` is neither `{_MANAGERS[0]}` nor `{_MANAGERS[1]}`")
    if old is not None and part(old, "spec", "runPolicy").get("managedBy") != manager:
        raise _invalid(path, "it cannot change")


def _check_role(role: Any, *, path: str) -> None:
    if not isinstance(role, dict):
        raise _invalid(path, "it must be an object")
    role = cast("Object", role)
    _expect(role, _ROLE_TYPES, path=path)
    policy = role.get("restartPolicy")
    if policy is not None and policy not in _RESTART_POLICIES:
        raise _invalid(f"{path}.restartPolicy", f"`{policy}` is none of {', '.join(_RESTART_POLICIES)}")
    _check_template(role.get("template") or {}, path=f"{path}.template")


def _check_template(template: Object, *, path: str) -> None:
    _expect(template, {"metadata": dict, "spec": dict}, path=path)
    metadata = part(template, "metadata")
    for kind in ("labels", "annotations"):
        _expect(metadata, {kind: dict}, path=f"{path}.metadata")
        _check_texts(metadata.get(kind) or {}, path=f"{path}.metadata.{kind}")
    _expect(part(template, "spec"), {"containers": list, "volumes": list}, path=f"{path}.spec")
    containers = items(template, "spec", "containers")
    path = f"{path}.spec.containers"
    if not containers:
        raise _invalid(path, "containers are required")
    for index, container in enumerate(containers):
        _check_container(container, path=f"{path}[{index}]")
    if all(container["name"] != contract.CONTAINER_NAME for container in containers):
        raise _invalid(path, f"one container must be named `{contract.CONTAINER_NAME}`")


def _check_container(container: Any, *, path: str) -> None:
    if not isinstance(container, dict):
        raise _invalid(path, "it must be an object")
    container = cast("Object", container)
    _expect(container, _CONTAINER_TYPES, path=path)
    for name in ("name", "image"):
        if not container.get(name):
            raise _invalid(f"{path}.{name}", "it is required")
    for name in ("command", "args"):
        words: list[Any] = container.get(name) or []
        _check_texts(dict(enumerate(words)), path=f"{path}.{name}")
    for index, entry in enumerate(items(container, "env")):
        _expect(entry, {"name": str}, path=f"{path}.env[{index}]", need=True)
        _expect(entry, {"value": str, "valueFrom": dict}, path=f"{path}.env[{index}]")


def _expect(value: Object, types: dict[str, type], *, path: str, need: bool = False) -> None:
    for name, kind in types.items():
        found: Any = value.get(name)
        where = f"{path}.{name}".lstrip(".")
        if found is None and need:
            raise _invalid(where, "it is required")
        if found is not None and (not isinstance(found, kind) or (kind is int and isinstance(found, bool))):
            raise _invalid(where, f"{found!r} is not {_WORDS[kind]}")


def _check_texts(values: dict[Any, Any], *, path: str) -> None:
    for key, value in values.items():
        if not isinstance(value, str):
            raise _invalid(f"{path}[{key}]", f"{value!r} is not text")


def _invalid(where: str, what: str) -> errors.ClusterError:
    return errors.ClusterError(f"the TFJob is not valid at `{where}`: {what}", status=422, where=where)
