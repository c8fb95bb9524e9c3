"""What a TFJob owns beside its pods: the code that travels with it, the protection of its pods from a drain.

Without owner references: the engine writes them, since the owner's uid is known when the TFJob is there.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tfjob_kit.manifest.placement import select_pods
from tfjob_kit.manifest.tfjob import Manifest
from tfjob_kit.plan import JobPlan

if TYPE_CHECKING:
    from tfjob_kit.config import CodeBundle

__all__ = ["build_companions"]


def build_companions(plan: JobPlan) -> tuple[Manifest, ...]:
    """ConfigMap and PodDisruptionBudget, as far as the plan has them."""
    code = () if plan.code is None else (_code(plan, plan.code),)
    return code + ((_disruption_budget(plan),) if plan.protect_from_drain else ())


def _code(plan: JobPlan, code: CodeBundle) -> Manifest:
    """One key per file, text as text: `kubectl get configmap -o yaml` shows what runs."""
    texts = {file.key: file.text for file in code.files if file.text is not None}
    binaries = {file.key: base64.b64encode(file.content).decode() for file in code.files if file.text is None}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": plan.code_name,
            "namespace": plan.namespace,
            "labels": dict(plan.labels),
            "annotations": {"tfjob-kit/code-sha256": code.sha256},
        },
        "immutable": True,
        **({"data": texts} if texts else {}),
        **({"binaryData": binaries} if binaries else {}),
    }


def _disruption_budget(plan: JobPlan) -> Manifest:
    """As many pods as there are: the eviction API then refuses each.

    A TFJob has no scale subresource, so percentages and maxUnavailable are never computed (seen on
    kube-controller-manager v1.36 with training-operator v1.9.4).
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": plan.name, "namespace": plan.namespace, "labels": dict(plan.labels)},
        "spec": {
            "minAvailable": plan.replicas,
            "selector": select_pods(plan),
        },
    }
