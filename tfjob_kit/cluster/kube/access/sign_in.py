"""Signing in by a program: exec plugins of a kubeconfig, and the older auth-providers.

Owns running them by the official client and what their failures mean to a user.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster.kube.access.client_parts import load_auth_providers, load_parts
from tfjob_kit.cluster.kube.access.kubeconfig import Entry

__all__ = ["SignedIn", "ask_provider", "run_plugin"]

_PROVIDER_LIFE = timedelta(minutes=5)
"""A provider does not say when its token ends: it is asked again after so long."""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Credentials as a kubeconfig's user would have them, and when they end, as far as known."""

    body: dict[str, Any]
    expires: datetime | None


def run_plugin(user: Entry, cluster: Entry) -> SignedIn:
    """Runs the user's sign-in plugin; what it gives is written as a kubeconfig would have it."""
    parts = load_parts()
    spec = _Node(user.body["exec"] or {})
    command = str(spec.get("command") or "")
    try:
        provider = parts.ExecProvider(spec, str(user.path.parent), _Node(cluster.body))
        status: dict[str, Any] = provider.run()
    except FileNotFoundError as error:
        hint = spec.get("installHint") or "install it, or choose another --context"
        raise errors.NotAllowed(
            f"the sign-in plugin `{command}` is not installed", where=str(user.path), hint=str(hint)
        ) from error
    except (parts.ConfigException, OSError, ValueError, TypeError) as error:
        text = str(error).removeprefix("exec: ")
        raise errors.NotAllowed(
            f"the sign-in plugin `{command}` failed: {text}", where=str(user.path), hint="sign in again"
        ) from error
    body: dict[str, Any] = {"token": status["token"]} if status.get("token") else {}
    for ours, theirs in (("client-certificate", "clientCertificateData"), ("client-key", "clientKeyData")):
        if status.get(theirs):
            body[f"{ours}-data"] = base64.b64encode(str(status[theirs]).encode()).decode()
    if not body:
        raise errors.NotAllowed(
            f"the sign-in plugin `{command}` gave neither token nor certificate", where=str(user.path)
        )
    return SignedIn(body=body, expires=_time(status.get("expirationTimestamp")))


class _Node(dict[str, Any]):
    """A part of a kubeconfig as the client's ExecProvider wants it."""

    def safe_get(self, key: str) -> Any:
        return self.get(key)

    @property
    def value(self) -> dict[str, Any]:
        return self


def ask_provider(user: Entry) -> SignedIn:
    """Signs in with the client's own loader (gcp, azure, oidc); the kubeconfig is left as it is.

    Raises:
        NotAllowed: The provider did not sign us in.
    """
    module = load_auth_providers()
    document: dict[str, Any] = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {}}],
        "users": [{"name": "u", "user": user.body}],
    }
    configuration = load_parts().Configuration()
    try:
        module.load_kube_config_from_dict(document, client_configuration=configuration, persist_config=False)
        header: str = configuration.api_key["authorization"]
    except Exception as error:  # whatever a provider's library raises
        raise errors.NotAllowed(
            f"signing in as `{user.name}` failed: {error}", where=str(user.path), hint="sign in again"
        ) from error
    return SignedIn(body={"authorization": header}, expires=datetime.now(UTC) + _PROVIDER_LIFE)


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
