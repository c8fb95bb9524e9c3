"""What has to be in a cluster before Kueue runs: its own shipped manifests, and its configuration.

The objects are those of its `config/default`, as `kubectl kustomize` makes them when the programs are built.
Kueue is no pod here: webhooks and conversions are reached by address, the visibility API by a Service that
is another name for this machine, and the Deployment is left out. The certificates that its rotator would make
are there before it starts and please it (cert-controller, `rotator.go`).
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.api import Api
from harness.certificates import KUEUE_NAMESPACE, Certificates
from harness.components import Ports

MANIFESTS = "kueue.json"

_VISIBILITY = "kueue-visibility-server"
_HOOKED = {"kueue.x-k8s.io", "kubeflow.org"}
"""API groups whose webhooks are asked: those of other kinds of jobs would only slow down every pod."""
_CLUSTER_WIDE = {
    "APIService": "apiregistration.k8s.io/v1/apiservices",
    "ClusterRole": "rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1/clusterrolebindings",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1/customresourcedefinitions",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}
_NAMESPACED = {
    "Role": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "Secret": "api/v1/namespaces/{}/secrets",
    "Service": "api/v1/namespaces/{}/services",
    "ServiceAccount": "api/v1/namespaces/{}/serviceaccounts",
}


def install_crds(api: Api, manifests: Path, certificates: Certificates, ports: Ports) -> None:
    """The kinds, with the address of what converts between their versions."""
    things = [thing for thing in _shipped(manifests) if thing["kind"] == "CustomResourceDefinition"]
    for thing in things:
        webhook = thing["spec"].get("conversion", {}).get("webhook")
        if webhook is not None:
            webhook["clientConfig"] = _client(webhook["clientConfig"], certificates, ports)
    _create(api, things)


def install(api: Api, manifests: Path, certificates: Certificates, ports: Ports) -> None:
    """Namespace, account, rights, webhooks and the visibility API; the kinds are there."""
    api.request("POST", "/api/v1/namespaces", {"metadata": {"name": KUEUE_NAMESPACE}})
    things = [thing for thing in _shipped(manifests) if thing["kind"] != "CustomResourceDefinition"]
    for thing in things:
        match thing["kind"]:
            case "Secret":
                thing["data"] = {
                    "ca.crt": certificates.encoded("kueue-ca.crt"),
                    "ca.key": certificates.encoded("kueue-ca.key"),
                    "tls.crt": certificates.encoded("kueue-hook.crt"),
                    "tls.key": certificates.encoded("kueue-hook.key"),
                }
            case "Service":
                thing["spec"] = {"type": "ExternalName", "externalName": "localhost"}
            case "APIService":
                thing["spec"]["service"]["port"] = ports.kueue_visibility
            case "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration":
                thing["webhooks"] = [hook for hook in thing["webhooks"] if _is_asked(hook)]
                for hook in thing["webhooks"]:
                    hook["clientConfig"] = _client(hook["clientConfig"], certificates, ports)
    _create(api, [thing for thing in things if _is_needed(thing)])


def write_config(folder: Path, certificates: Certificates, ports: Ports) -> None:
    """Kueue's configuration and the place where its webhook server reads its certificate."""
    place = folder / "kueue-certs"
    place.mkdir(exist_ok=True)
    for extension in ("crt", "key"):
        source = certificates.folder / f"kueue-hook.{extension}"
        (place / f"tls.{extension}").write_bytes(source.read_bytes())
    config = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "namespace": KUEUE_NAMESPACE,
        "health": {"healthProbeBindAddress": f"127.0.0.1:{ports.kueue_probe}"},
        "metrics": {"bindAddress": "0"},
        "webhook": {"host": "127.0.0.1", "port": ports.kueue_webhook, "certDir": str(place)},
        "visibilityServer": {"bindAddress": "127.0.0.1", "bindPort": ports.kueue_visibility},
        "leaderElection": {"leaderElect": False},
        "integrations": {"frameworks": ["kubeflow.org/tfjob"]},
    }
    (folder / "kueue-config.json").write_text(json.dumps(config, indent=1))


def _shipped(manifests: Path) -> list[dict[str, Any]]:
    return json.loads((manifests / MANIFESTS).read_text())


def _client(shipped: dict[str, Any], certificates: Certificates, ports: Ports) -> dict[str, Any]:
    return {
        "url": f"https://127.0.0.1:{ports.kueue_webhook}{shipped['service']['path']}",
        "caBundle": certificates.encoded("kueue-ca.crt"),
    }


def _is_asked(hook: dict[str, Any]) -> bool:
    resources = {name for rule in hook["rules"] for name in rule["resources"]}
    groups = {group for rule in hook["rules"] for group in rule["apiGroups"]}
    return groups <= _HOOKED and (groups == {"kueue.x-k8s.io"} or resources == {"tfjobs"})


def _is_needed(thing: dict[str, Any]) -> bool:
    if thing["kind"] == "Service":
        return thing["metadata"]["name"] == _VISIBILITY
    return thing["kind"] in {*_CLUSTER_WIDE, *_NAMESPACED}


def _create(api: Api, things: list[dict[str, Any]]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda thing: api.request("POST", _path(thing), thing), things))


def _path(thing: dict[str, Any]) -> str:
    kind = thing["kind"]
    if kind in _CLUSTER_WIDE:
        return f"/apis/{_CLUSTER_WIDE[kind]}"
    return f"/{_NAMESPACED[kind].format(thing['metadata']['namespace'])}"
