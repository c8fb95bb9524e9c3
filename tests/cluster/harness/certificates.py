"""Keys, certificates and kubeconfigs of one plane, made with the openssl command.

EC P-256 throughout, but for the CAs of the webhooks: the certificate rotator of operator and Kueue reads its
CA key as PKCS#1 RSA only, and wants its own name among the CA's alternative names (cert-controller,
`rotator.go`).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

OPERATOR_NAMESPACE = "kubeflow"
OPERATOR_ACCOUNT = "training-operator"
OPERATOR_USER = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{OPERATOR_ACCOUNT}"
KUEUE_NAMESPACE = "kueue-system"
KUEUE_USER = f"system:serviceaccount:{KUEUE_NAMESPACE}:kueue-controller-manager"

_CA_EXTENSIONS = (
    "-addext", "basicConstraints=critical,CA:TRUE",
    "-addext", "keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
)  # fmt: skip
_DAYS = "3650"


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A certificate of a user (`groups` are its organisations) or of a server (with `names`)."""

    file: str
    user: str
    groups: Sequence[str] = ()
    names: Sequence[str] = ()
    authority: str = "ca"


def leaves(host: str) -> list[Leaf]:
    """What the components of a plane show to each other; `host` is the API server's address."""
    api_names = [
        "IP:127.0.0.1", "IP:10.96.0.1", f"IP:{host}", "DNS:localhost",
        "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc",
    ]  # fmt: skip
    hook_names = [f"DNS:training-operator.{OPERATOR_NAMESPACE}.svc", "DNS:localhost", "IP:127.0.0.1"]
    operator_groups = ["system:serviceaccounts", f"system:serviceaccounts:{OPERATOR_NAMESPACE}"]
    return [
        Leaf(file="apiserver", user="kube-apiserver", names=api_names),
        Leaf(file="kubelet-client", user="kube-apiserver-kubelet-client", groups=["system:masters"]),
        Leaf(file="aggregator", user="aggregator"),
        Leaf(file="admin", user="admin", groups=["system:masters"]),
        Leaf(file="kcm", user="system:kube-controller-manager"),
        Leaf(file="scheduler", user="system:kube-scheduler"),
        Leaf(file="kwok", user="kwok", groups=["system:masters"]),
        # The operator's own account, so that the rights that it ships with are what it has.
        Leaf(file="operator", user=OPERATOR_USER, groups=operator_groups),
        Leaf(file="hook", user="training-operator", names=hook_names, authority="hook-ca"),
    ]


def kueue_leaves() -> list[Leaf]:
    """What Kueue shows: its own account, and its webhook server's certificate."""
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{KUEUE_NAMESPACE}"]
    service = f"kueue-webhook-service.{KUEUE_NAMESPACE}.svc"
    names = [f"DNS:{service}", "DNS:localhost", "IP:127.0.0.1"]
    return [
        Leaf(file="kueue", user=KUEUE_USER, groups=groups),
        Leaf(file="kueue-hook", user=service, names=names, authority="kueue-ca"),
    ]


class Certificates:
    """The folder `pki` of a plane."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make_all(self, host: str) -> None:
        """Both authorities, the key of service account tokens, and every leaf."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda make: make(), [self._make_ca, self._make_hook_ca, self._make_account_key]))
            list(pool.map(self.make_leaf, leaves(host)))

    def make_kueue(self) -> None:
        """The authority of Kueue's webhooks and Kueue's leaves; the plane's authority is there."""
        self._make_rotated_ca("kueue-ca", "kueue-ca")
        for leaf in kueue_leaves():
            self.make_leaf(leaf)

    def make_leaf(self, leaf: Leaf) -> None:
        """A key and a certificate: `<file>.key`, `<file>.crt`."""
        subject = "".join(f"/O={group}" for group in leaf.groups) + f"/CN={leaf.user}"
        usage = "serverAuth,clientAuth" if leaf.names else "clientAuth"
        extensions = [
            "basicConstraints=CA:FALSE",
            "keyUsage=digitalSignature",
            f"extendedKeyUsage={usage}",
            *([f"subjectAltName={','.join(dict.fromkeys(leaf.names))}"] if leaf.names else []),
        ]
        (self.folder / f"{leaf.file}.ext").write_text("\n".join(extensions) + "\n")
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", f"{leaf.file}.key", "-out", f"{leaf.file}.csr",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", f"{leaf.file}.csr", "-days", _DAYS, "-extfile", f"{leaf.file}.ext",
            "-CA", f"{leaf.authority}.crt", "-CAkey", f"{leaf.authority}.key",
            "-set_serial", str(int.from_bytes(os.urandom(8)) >> 1), "-out", f"{leaf.file}.crt",
        )  # fmt: skip

    def encoded(self, name: str) -> str:
        """A file's content in base64, as Secrets and kubeconfigs hold it."""
        return base64.b64encode((self.folder / name).read_bytes()).decode()

    def write_kubeconfig(self, target: Path, *, file: str, server: str, namespace: str = "default") -> Path:
        """A kubeconfig of the user whose certificate is `file`; JSON is valid YAML."""
        key, certificate = self.encoded(f"{file}.key"), self.encoded(f"{file}.crt")
        user = {"client-certificate-data": certificate, "client-key-data": key}
        return write_kubeconfig(
            target, server=server, authority=self.encoded("ca.crt"), user=user, namespace=namespace
        )

    def _make_ca(self) -> None:
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", _DAYS,
            "-subj", "/CN=plane-ca", "-keyout", "ca.key", "-out", "ca.crt", *_CA_EXTENSIONS,
        )  # fmt: skip

    def _make_hook_ca(self) -> None:
        self._make_rotated_ca("hook-ca", "training-operator-ca")

    def _make_rotated_ca(self, file: str, name: str) -> None:
        self._openssl("genrsa", "-traditional", "-out", f"{file}.key", "2048")
        self._openssl(
            "req", "-x509", "-new", "-key", f"{file}.key", "-days", _DAYS, "-out", f"{file}.crt",
            "-subj", f"/CN={name}", *_CA_EXTENSIONS, "-addext", f"subjectAltName=DNS:{name}",
        )  # fmt: skip

    def _make_account_key(self) -> None:
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sa.key")
        self._openssl("ec", "-in", "sa.key", "-pubout", "-out", "sa.pub")

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


def write_kubeconfig(
    target: Path, *, server: str, authority: str, user: dict[str, str], namespace: str
) -> Path:
    """A kubeconfig with one cluster, one user and one context named `plane`."""
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "plane",
            "clusters": [
                {"name": "plane", "cluster": {"server": server, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "user", "user": user}],
            "contexts": [
                {"name": "plane", "context": {"cluster": "plane", "user": "user", "namespace": namespace}}
            ],
        },
        indent=1,
    )
    target.touch(mode=0o600)
    target.write_text(text)
    return target
