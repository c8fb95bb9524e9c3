"""The service account of a pod: how a process inside the cluster reaches its own API server.

Owns the files that the kubelet mounts and the environment it sets (Kubernetes documentation, "Accessing the
Kubernetes API from a Pod").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ACCOUNT_DIR", "Account", "find_account"]

ACCOUNT_DIR = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, kw_only=True)
class Account:
    """A mounted service account.

    Attributes:
        server: URL of the API server.
        token_file: Its token; the kubelet replaces it about every hour.
        ca_file: Certificates that the server's is checked against.
        namespace: Namespace of the pod.
    """

    server: str
    token_file: Path
    ca_file: Path
    namespace: str


def find_account(environ: Mapping[str, str], *, folder: Path = ACCOUNT_DIR) -> Account | None:
    """The account of the pod that this process runs in; None outside of a pod, or in one without."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (folder / "token").is_file():
        return None
    return Account(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        token_file=folder / "token",
        ca_file=folder / "ca.crt",
        namespace=_namespace(folder / "namespace"),
    )


def _namespace(file: Path) -> str:
    try:
        return file.read_text().strip() or "default"
    except OSError:
        return "default"
