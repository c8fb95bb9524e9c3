"""A replica's pod as the operator creates it and the API server stores it."""

from __future__ import annotations

import copy
from datetime import datetime

from tfjob_kit import contract
from tfjob_kit.cluster import port
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.defaults import LEADERS, with_defaults
from tfjob_kit.cluster.rules.objects import part
from tfjob_kit.cluster.rules.tf_config import AddressOf, tf_config
from tfjob_kit.cluster.rules.times import format_time

__all__ = ["build_pod"]


def build_pod(
    job: Object, *, role: str, index: int, uid: str, now: datetime, address_of: AddressOf | None = None
) -> Object:
    """The pod of one replica, phase Pending.

    Args:
        job: The stored TFJob.
        role: As in CreatePod.
        index: Within the role.
        uid: Identity of this pod; another one after each recreation.
        now: Its creation.
        address_of: For TF_CONFIG; None: Services.
    """
    spec: Object = with_defaults(job)["spec"]["tfReplicaSpecs"][role]
    template: Object = copy.deepcopy(spec["template"])
    meta = job["metadata"]
    value = tf_config(job, role=role, index=index, address_of=address_of)
    pod_spec: Object = {**template["spec"], "restartPolicy": _kubelet_policy(spec["restartPolicy"])}
    for container in pod_spec["containers"]:
        _fill_container(container, tf_config=value)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{meta['name']}-{role.lower()}-{index}",
            "namespace": meta["namespace"],
            "uid": uid,
            "creationTimestamp": format_time(now),
            "labels": {**part(template, "metadata", "labels"), **_labels(job, role=role, index=index)},
            "annotations": part(template, "metadata", "annotations"),
            "ownerReferences": [_owner(job)],
        },
        "spec": {"terminationGracePeriodSeconds": 30, **pod_spec},
        "status": {"phase": "Pending"},
    }


def _labels(job: Object, *, role: str, index: int) -> dict[str, str]:
    labels = {
        port.OPERATOR_NAME_LABEL: "tfjob-controller",
        port.JOB_NAME_LABEL: job["metadata"]["name"],
        port.REPLICA_TYPE_LABEL: role.lower(),
        port.REPLICA_INDEX_LABEL: str(index),
    }
    return labels | ({port.JOB_ROLE_LABEL: "master"} if _is_master(job, role=role, index=index) else {})


def _is_master(job: Object, *, role: str, index: int) -> bool:
    roles: Object = with_defaults(job)["spec"]["tfReplicaSpecs"]
    if any(leader in roles for leader in LEADERS):
        return role in LEADERS
    return role == "Worker" and index == 0


def _owner(job: Object) -> Object:
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "name": job["metadata"]["name"],
        "uid": job["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _kubelet_policy(policy: str) -> str:
    return "Never" if policy == "ExitCode" else policy


def _fill_container(container: Object, *, tf_config: str | None) -> None:
    if tf_config is not None and container["name"] == contract.CONTAINER_NAME:
        entry = {"name": contract.TF_CONFIG_ENV, "value": tf_config}
        container["env"] = [*(container.get("env") or []), entry]
    resources = part(container, "resources")
    if resources.get("limits"):
        requests = {**resources["limits"], **part(resources, "requests")}
        container["resources"] = {**resources, "requests": requests}
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
