"""The TFJob (`kubeflow.org/v1`) of a plan, one literal in reading order.

Nothing is left to defaults that differ between operator, CRD and SDK: the run policy is always written,
requests equal limits, and what must reach pods (labels, annotations) stands on the templates, since the
operator copies nothing from the TFJob's own metadata.
"""

from __future__ import annotations

from typing import Any

from tfjob_kit import contract
from tfjob_kit.manifest.variables import build_env, build_env_from
from tfjob_kit.plan import JobPlan, Mount, Role

__all__ = ["Manifest", "build_tfjob"]

Manifest = dict[str, Any]
"""Plain JSON data, stable key order."""

_USER = 1000
"""User and group of the runtime image; any image that runs without root works with it."""
_ISTIO_OPT_OUT = {"sidecar.istio.io/inject": "false"}
"""A sidecar outlives the training and breaks its gRPC. Old releases read the annotation."""
_QUEUE_LABEL = "kueue.x-k8s.io/queue-name"


def build_tfjob(plan: JobPlan) -> Manifest:
    """The TFJob exactly as it would be sent."""
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            "name": plan.name,
            "namespace": plan.namespace,
            "labels": plan.labels | ({_QUEUE_LABEL: plan.queue} if plan.queue else {}),
            "annotations": plan.annotations | plan.facts,
        },
        "spec": {
            "runPolicy": _written(
                {
                    "cleanPodPolicy": plan.clean_pod_policy,
                    "ttlSecondsAfterFinished": plan.ttl_seconds,
                    "activeDeadlineSeconds": plan.deadline_seconds,
                    "backoffLimit": plan.backoff_limit,
                    "suspend": plan.suspend,
                }
            ),
            "tfReplicaSpecs": {
                role.name: {
                    "replicas": role.replicas,
                    "restartPolicy": plan.restart_policy,
                    "template": _template(plan, role),
                }
                for role in plan.roles
            },
        },
    }


def _template(plan: JobPlan, role: Role) -> Manifest:
    return {
        "metadata": {
            "labels": plan.labels | _ISTIO_OPT_OUT,
            "annotations": plan.annotations | _ISTIO_OPT_OUT | _scraping(plan),
        },
        "spec": _written(
            {
                "containers": [_container(plan, role)],
                "volumes": [{"name": mount.name, **mount.source} for mount in role.mounts] or None,
                "nodeSelector": dict(role.node_selector) or None,
                "tolerations": list(role.tolerations) or None,
                "priorityClassName": plan.priority_class,
                "serviceAccountName": plan.service_account,
                "automountServiceAccountToken": False,
                "imagePullSecrets": [{"name": name} for name in plan.image_pull_secrets] or None,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": _USER,
                    "runAsGroup": _USER,
                    "fsGroup": _USER,
                    "fsGroupChangePolicy": "OnRootMismatch",
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "terminationGracePeriodSeconds": plan.grace_period_seconds,
            }
        ),
    }


def _container(plan: JobPlan, role: Role) -> Manifest:
    return _written(
        {
            "name": contract.CONTAINER_NAME,
            "image": plan.image,
            "imagePullPolicy": plan.image_pull_policy,
            "command": list(plan.command),
            "workingDir": plan.working_directory,
            "envFrom": build_env_from(plan) or None,
            "env": build_env(plan, role),
            "ports": [{"name": name, "containerPort": port} for name, port in plan.ports.items()],
            "resources": {"requests": dict(role.resources), "limits": dict(role.resources)},
            "volumeMounts": [_mount(mount) for mount in role.mounts] or None,
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    )


def _mount(mount: Mount) -> Manifest:
    return _written(
        {
            "name": mount.name,
            "mountPath": mount.path,
            "subPath": mount.sub_path,
            "readOnly": True if mount.read_only else None,
        }
    )


def _scraping(plan: JobPlan) -> dict[str, str]:
    if "metrics" not in plan.ports:
        return {}
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(plan.ports["metrics"]),
        "prometheus.io/path": "/metrics",
    }


def _written(fields: Manifest) -> Manifest:
    """The fields that are said; what the plan leaves unset is not written."""
    return {name: value for name, value in fields.items() if value is not None}
