"""Objects of the cluster that a real node needs: rights of CoreDNS, and the truth about made-up GPUs."""

from __future__ import annotations

from typing import Any

from harness.api import Api

GPU_RESOURCE = "nvidia.com/gpu"
BELIEVES = "real-node/believes-gpus"
"""Label of pods that are not told that the node's GPUs are made up."""

_RBAC, _ADMISSION = "/apis/rbac.authorization.k8s.io/v1", "/apis/admissionregistration.k8s.io/v1"
_GPUS_VARIABLE = "TFJOB_KIT_GPUS"


def install(api: Api) -> None:
    """Creates them."""
    api.request("POST", f"{_RBAC}/clusterroles", _dns_role())
    api.request("POST", f"{_RBAC}/clusterrolebindings", _dns_binding())
    api.request("POST", f"{_ADMISSION}/mutatingadmissionpolicies", _policy())
    api.request("POST", f"{_ADMISSION}/mutatingadmissionpolicybindings", _policy_binding())


def _dns_role() -> dict[str, Any]:
    read = ["list", "watch"]
    return {
        "metadata": {"name": "coredns"},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": read},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        ],
    }


def _dns_binding() -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "metadata": {"name": "coredns"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "coredns"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "coredns"}],
    }


def _policy() -> dict[str, Any]:
    """The cluster tells each replica that it gets no GPU, whatever it has claimed.

    The runtime compares the GPUs that it was given with those that TensorFlow sees, and ends when they
    differ. The node's GPUs exist in the scheduler's books alone, so the cluster itself says 0, as the hint of
    that check has it for CPUs and as the local engine does where there are no GPUs. The manifest stays what
    the kit renders; the check stays what it is, and a test shows that it fires without this.
    """
    told = f'Object.spec.containers.env{{name: "{_GPUS_VARIABLE}", value: "0"}}'
    container = f"Object.spec.containers{{name: c.name, env: [{told}]}}"
    expression = f"Object{{spec: Object.spec{{containers: object.spec.containers.map(c, {container})}}}}"
    return {
        "metadata": {"name": "gpus-are-made-up"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ]
            },
            "matchConditions": [
                {
                    "name": "is-told",
                    "expression": f"has(object.metadata.labels) && !('{BELIEVES}' in object.metadata.labels)",
                }
            ],
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [
                {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}
            ],
        },
    }


def _policy_binding() -> dict[str, Any]:
    return {"metadata": {"name": "gpus-are-made-up"}, "spec": {"policyName": "gpus-are-made-up"}}
