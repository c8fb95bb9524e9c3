"""TensorBoard of a job where the cluster has none: a small pod beside the claim, owned by the job.

No replica: it has none of the labels by which the operator, the job's disruption budget and `pods` find
those.
"""

from __future__ import annotations

import copy
from typing import Any

from tfjob_kit.cluster import port
from tfjob_kit.jobs.job_config import tensorflow_container
from tfjob_kit.jobs.output import Output
from tfjob_kit.jobs.replica_view import items, part

__all__ = ["PORT", "make_board_pod"]

PORT = 6006
"""Where it listens inside its pod."""
_MOUNT = "/output"
_SCRATCH = "/scratch"
"""Not /tmp: an image may have its Python there."""
_LONGEST = 12 * 3600
"""Seconds until one ends that a killed launcher has left behind."""
_ALIKE = ("imagePullSecrets", "serviceAccountName", "tolerations", "securityContext")
"""Of the job's pods: what lets its image be pulled, and its files be read, where they can be."""


def make_board_pod(job: port.Object, output: Output, *, folder: str) -> port.Object:
    """The pod, without owner.

    Args:
        job: The TFJob as stored.
        output: In a claim.
        folder: Of the event files below the output.
    """
    meta = job["metadata"]
    template, container = _template(job), tensorflow_container(job)
    spec: dict[str, Any] = part(template, "spec")
    alike = {key: copy.deepcopy(spec[key]) for key in _ALIKE if spec.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{meta['name']}-tensorboard",
            "namespace": meta["namespace"],
            "labels": {
                "app.kubernetes.io/managed-by": "tfjob-kit",
                "app.kubernetes.io/component": "tensorboard",
                "app.kubernetes.io/part-of": meta["name"],
                "sidecar.istio.io/inject": "false",
            },
        },
        "spec": {
            **alike,
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": _LONGEST,
            "terminationGracePeriodSeconds": 1,
            "affinity": _beside(meta["name"]),
            "containers": [_container(container, output, folder)],
            "volumes": [
                {"name": "output", "persistentVolumeClaim": {"claimName": output.claim, "readOnly": True}},
                {"name": "scratch", "emptyDir": {}},
            ],
        },
    }


def _container(own: dict[str, Any], output: Output, folder: str) -> dict[str, Any]:
    logs = "/".join(word for word in (_MOUNT, output.path, folder) if word)
    command = ["python", "-m", "tensorboard.main", "--logdir", logs, "--host", "0.0.0.0", "--port", str(PORT)]
    alike = {
        key: copy.deepcopy(own[key])
        for key in ("image", "imagePullPolicy", "securityContext")
        if own.get(key)
    }
    return {
        **alike,
        "name": "tensorboard",
        "command": command,
        "env": [{"name": name, "value": _SCRATCH} for name in ("HOME", "TMPDIR")],
        "ports": [{"name": "http", "containerPort": PORT}],
        # Listening is all that a port-forward needs.
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1, "failureThreshold": 300},
        # It imports TensorFlow, which is half of this.
        "resources": {
            "requests": {"cpu": "250m", "memory": "1Gi"},
            "limits": {"cpu": "1", "memory": "2Gi"},
        },
        "volumeMounts": [
            {"name": "output", "mountPath": _MOUNT, "readOnly": True},
            {"name": "scratch", "mountPath": _SCRATCH},
        ],
    }


def _beside(name: str) -> dict[str, Any]:
    """Rather on a node of the job: many claims can be mounted on one node at a time."""
    term = {
        "labelSelector": {"matchLabels": {port.JOB_NAME_LABEL: name}},
        "topologyKey": "kubernetes.io/hostname",
    }
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _template(job: port.Object) -> dict[str, Any]:
    """Of the job's first role, whose container `tensorflow_container` gives."""
    roles: dict[str, Any] = part(job, "spec", "tfReplicaSpecs")
    for role in roles.values():
        template = part(role, "template")
        if items(part(template, "spec"), "containers"):
            return template
    return {}
