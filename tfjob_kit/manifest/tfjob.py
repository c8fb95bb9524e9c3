"""The TFJob (`kubeflow.org/v1`) of a plan, one literal in reading order.

Nothing is left to defaults that differ between operator, CRD and SDK: the run policy is always written,
requests equal limits, and what must reach pods (labels, annotations) stands on the templates, since the
operator copies nothing from the TFJob's own metadata.
"""

from __future__ import annotations

from typing import Any

from tfjob_kit import contract
from tfjob_kit.manifest.overlay_limits import overlay_template
from tfjob_kit.manifest.placement import build_affinity, build_spread_constraints
from tfjob_kit.manifest.run_policy import build_run_policy
from tfjob_kit.manifest.security import build_container_security, build_pod_security
from tfjob_kit.manifest.sidecars import build_sidecars
from tfjob_kit.manifest.variables import build_env, build_env_from
from tfjob_kit.manifest.volumes import build_mounts, build_volumes
from tfjob_kit.plan import JobPlan, Role
from tfjob_kit.plan.scheduling import QUEUE_LABEL, QUEUE_PRIORITY_LABEL

__all__ = ["Manifest", "build_tfjob"]

Manifest = dict[str, Any]
"""Plain JSON data, stable key order."""

_ISTIO_OPT_OUT = {"sidecar.istio.io/inject": "false"}
"""A sidecar outlives the training and breaks its gRPC. Old releases read the annotation."""


def build_tfjob(plan: JobPlan) -> Manifest:
    """The TFJob exactly as it would be sent."""
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            "name": plan.name,
            "namespace": plan.namespace,
            "labels": plan.labels | _queue_labels(plan),
            "annotations": plan.annotations | plan.facts,
        },
        "spec": {
            "runPolicy": build_run_policy(plan),
            "tfReplicaSpecs": {
                role.name: {
                    "replicas": role.replicas,
                    "restartPolicy": plan.restart_policy,
                    "template": overlay_template(_template(plan, role), role.overlays),
                }
                for role in plan.roles
            },
        },
    }


def _queue_labels(plan: JobPlan) -> dict[str, str]:
    """On the TFJob alone: Kueue suspends and resumes the job, never its pods."""
    chosen = {QUEUE_LABEL: plan.queue, QUEUE_PRIORITY_LABEL: plan.queue_priority}
    return {label: name for label, name in chosen.items() if name}


def _template(plan: JobPlan, role: Role) -> Manifest:
    return {
        "metadata": {
            "labels": plan.labels | _ISTIO_OPT_OUT,
            "annotations": plan.annotations | _ISTIO_OPT_OUT | _scraping(plan),
        },
        "spec": _written(
            {
                "initContainers": build_sidecars(plan, role) or None,
                "containers": [_container(plan, role)],
                "volumes": build_volumes(role.mounts) or None,
                "nodeSelector": dict(role.node_selector) or None,
                "tolerations": list(role.tolerations) or None,
                "affinity": build_affinity(plan),
                "topologySpreadConstraints": build_spread_constraints(plan) or None,
                "schedulerName": plan.placement.scheduler,
                "runtimeClassName": plan.placement.runtime_class,
                "priorityClassName": plan.priority_class,
                "hostNetwork": True if plan.network.is_host else None,
                # Without it the peers' names are asked of the node's resolver, which does not know them.
                "dnsPolicy": "ClusterFirstWithHostNet" if plan.network.is_host else None,
                "serviceAccountName": plan.placement.service_account,
                "automountServiceAccountToken": False,
                "imagePullSecrets": [{"name": name} for name in plan.image_pull_secrets] or None,
                "securityContext": build_pod_security(plan),
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
            "volumeMounts": build_mounts(role.mounts, volumes=role.mounts) or None,
            "securityContext": build_container_security(plan),
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
