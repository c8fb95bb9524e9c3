"""What has to be in a cluster before the training-operator runs: its own shipped manifests, and its webhook.

The certificates that its rotator would make are there before it starts and please it, so that it does not
make new ones; the webhook is reached by address instead of by a Service.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.api import YAML, Api
from harness.certificates import OPERATOR_ACCOUNT, OPERATOR_NAMESPACE, Certificates

WEBHOOK = "validator.training-operator.kubeflow.org"
CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WEBHOOK_PATH = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
TFJOB_CRD = "tfjobs.kubeflow.org"

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_ROTATOR_BASE = Path("/tmp")


def install_crd(api: Api, manifests: Path) -> None:
    """POSTs the CRD as it is: no annotation with a copy of itself, which would be too large."""
    api.request("POST", CRD_PATH, (manifests / "crd.yaml").read_bytes(), YAML)


def install_account(api: Api, manifests: Path) -> None:
    """The operator's namespace, account and the rights that it ships with."""
    account = {"kind": "ServiceAccount", "name": OPERATOR_ACCOUNT, "namespace": OPERATOR_NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "training-operator"}
    binding = {"metadata": {"name": "training-operator"}, "roleRef": role, "subjects": [account]}
    api.request("POST", "/api/v1/namespaces", {"metadata": {"name": OPERATOR_NAMESPACE}})
    api.request(
        "POST",
        f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/serviceaccounts",
        {"metadata": {"name": OPERATOR_ACCOUNT}},
    )
    api.request("POST", f"{_RBAC}/clusterroles", (manifests / "role.yaml").read_bytes(), YAML)
    api.request("POST", f"{_RBAC}/clusterrolebindings", binding)


def install_webhook(api: Api, manifests: Path, certificates: Certificates, port: int) -> None:
    """The shipped entry for TFJobs, with our address and authority."""
    secret = {
        "metadata": {"name": "training-operator-webhook-cert"},
        "type": "Opaque",
        "data": {
            "ca.crt": certificates.encoded("hook-ca.crt"),
            "ca.key": certificates.encoded("hook-ca.key"),
            "tls.crt": certificates.encoded("hook.crt"),
            "tls.key": certificates.encoded("hook.key"),
        },
    }
    api.request("POST", f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/secrets", secret)
    entry = _shipped_entry(manifests)
    path = entry["clientConfig"]["service"]["path"]
    entry["clientConfig"] = {
        "url": f"https://127.0.0.1:{port}{path}",
        "caBundle": certificates.encoded("hook-ca.crt"),
    }
    api.request("POST", WEBHOOK_PATH, {"metadata": {"name": WEBHOOK}, "webhooks": [entry]})


def _shipped_entry(manifests: Path) -> dict[str, Any]:
    import yaml

    document = yaml.load((manifests / "webhook.yaml").read_text(), Loader=yaml.CSafeLoader)
    return next(hook for hook in document["webhooks"] if hook["rules"][0]["resources"] == ["tfjobs"])


def place_certificates(folder: Path, certificates: Certificates) -> None:
    """Where the webhook server reads them, and where the rotator looks whether they are there.

    The second place is a constant of the operator's binary; its content does not matter.
    """
    for base in (folder / "operator-tmp", _ROTATOR_BASE):
        place = base / "k8s-webhook-server" / "serving-certs"
        place.mkdir(parents=True, exist_ok=True)
        for extension in ("crt", "key"):
            target = place / f"tls.{extension}"
            if base != _ROTATOR_BASE or not target.exists():
                target.write_bytes((certificates.folder / f"hook.{extension}").read_bytes())
