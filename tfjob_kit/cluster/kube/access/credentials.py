"""From a context or a pod's account to a client that may speak to the API server.

Owns certificates, tokens, sign-in plugins and proxies. Nothing is sent to the API server here; plugins run.
The client's own loader of kubeconfigs is used for the old auth-providers alone: it takes the last file's
current context where kubectl takes the first's, ignores `proxy-url`, goes on without credentials when a
plugin fails, and costs 0.1 s of imports.
"""

from __future__ import annotations

import base64
import binascii
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster.kube.access.account import Account
from tfjob_kit.cluster.kube.access.kubeconfig import Context, Entry
from tfjob_kit.cluster.kube.access.target import Target, official_client

__all__ = ["Client", "account_client", "context_client"]

_SKEW = timedelta(seconds=30)
"""A plugin's token is renewed so long before it ends."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """Credentials, ready to be used.

    Attributes:
        target: Where and as whom; keys that a kubeconfig has inline lie in files that go with it, or at exit.
        expires: When its credentials end, as far as known.
    """

    target: Target
    expires: datetime | None = None

    @cached_property
    def api(self) -> Any:
        """An `ApiClient` of the official client, imported now."""
        return official_client(self.target)

    def is_stale(self, now: datetime) -> bool:
        """Whether the credentials must be made again before the next call."""
        return self.expires is not None and now >= self.expires - _SKEW


def account_client(account: Account, environ: Mapping[str, str]) -> Client:
    """A client with a pod's account."""
    target = _target(account.server, environ)
    target.ca_file = str(account.ca_file)
    target.authorization = _token_reader(account.token_file)
    return Client(target=target)


def context_client(context: Context, environ: Mapping[str, str]) -> Client:
    """A client with the credentials of a kubeconfig's context.

    Raises:
        NotConnected: The cluster's entry cannot be used.
        NotAllowed: The credentials cannot be read, or the plugin that should give them failed.
    """
    target = _target(_server(context.cluster), environ)
    folder = Path(tempfile.mkdtemp(prefix="tfjob-kit-"))
    # Of the target, which lives as long as the client: until then new connections read the keys.
    weakref.finalize(target, shutil.rmtree, folder, ignore_errors=True)
    _use_cluster(target, context.cluster, folder)
    expires = None
    if context.user is not None:
        expires = _use_user(target, context, folder)
    return Client(target=target, expires=expires)


def _target(server: str, environ: Mapping[str, str]) -> Target:
    scheme = "https" if server.startswith("https") else "http"
    return Target(
        server=server,
        proxy=environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY") or None,
        no_proxy=environ.get("no_proxy") or environ.get("NO_PROXY") or None,
    )


def _server(cluster: Entry) -> str:
    server = str(cluster.body.get("server") or "").rstrip("/")
    if not server.startswith(("http://", "https://")):
        raise errors.NotConnected(
            f"cluster `{cluster.name}` of the kubeconfig has no server address",
            where=str(cluster.path),
        )
    return server


def _use_cluster(target: Target, cluster: Entry, folder: Path) -> None:
    target.ca_file = _file(cluster, "certificate-authority", folder)
    target.verify = not cluster.body.get("insecure-skip-tls-verify")
    if cluster.body.get("tls-server-name"):
        target.server_name = str(cluster.body["tls-server-name"])
    if cluster.body.get("proxy-url"):
        target.proxy, target.no_proxy = str(cluster.body["proxy-url"]), None


def _use_user(target: Target, context: Context, folder: Path) -> datetime | None:
    """Fills in who we are; gives the time when that ends."""
    user = context.user
    assert user is not None
    body = user.body
    expires = None
    if "exec" in body:
        from tfjob_kit.cluster.kube.access import sign_in

        signed_in = sign_in.run_plugin(user, context.cluster)
        expires = signed_in.expires
        user = Entry(name=user.name, body={**body, **signed_in.body}, path=user.path)
        body = user.body
    target.cert_file = _file(user, "client-certificate", folder)
    target.key_file = _file(user, "client-key", folder)
    target.acting_as = _acting_as(user)
    if body.get("token"):
        target.authorization = _constant(f"Bearer {body['token']}")
    elif body.get("tokenFile"):
        target.authorization = _token_reader(_relative(user, str(body["tokenFile"])))
    elif "auth-provider" in body:
        from tfjob_kit.cluster.kube.access import sign_in

        signed_in = sign_in.ask_provider(user)
        target.authorization = _constant(str(signed_in.body["authorization"]))
        expires = signed_in.expires
    elif body.get("username"):
        pair = f"{body['username']}:{body.get('password') or ''}"
        target.authorization = _constant("Basic " + base64.b64encode(pair.encode()).decode())
    return expires


def _acting_as(user: Entry) -> dict[str, str]:
    """The user that a kubeconfig's `as` names; what goes beyond that is refused rather than left out."""
    for key in ("as-groups", "as-uid", "as-user-extra"):
        if user.body.get(key):
            raise _unusable(user, f"`{key}` is not supported, `as` alone is")
    return {"Impersonate-User": str(user.body["as"])} if user.body.get("as") else {}


def _constant(header: str) -> Callable[[], str]:
    return lambda: header


def _token_reader(file: Path) -> Callable[[], str]:
    """The token as the file has it at each request: who rotates it need not tell us."""

    def read() -> str:
        try:
            return f"Bearer {file.read_text().strip()}"
        except OSError as error:
            raise errors.NotAllowed(
                f"the token cannot be read: {error.strerror}", where=str(file), status=401
            ) from error

    read()
    return read


def _file(entry: Entry, key: str, folder: Path) -> str | None:
    """The certificate or key as a file: inline data wins, as with kubectl."""
    data = entry.body.get(f"{key}-data")
    if data:
        try:
            content = base64.b64decode(str(data), validate=False)
        except (binascii.Error, ValueError) as error:
            raise _unusable(entry, f"`{key}-data` is not base64") from error
        file = folder / key
        _write_private(file, content)
        return str(file)
    if not entry.body.get(key):
        return None
    file = _relative(entry, str(entry.body[key]))
    if not file.is_file():
        raise _unusable(entry, f"`{key}` names a file that does not exist: {file}")
    return str(file)


def _write_private(file: Path, content: bytes) -> None:
    opener: Callable[[str, int], int] = lambda path, flags: os.open(path, flags, 0o600)  # noqa: E731
    with open(file, "wb", opener=opener) as stream:
        stream.write(content)


def _relative(entry: Entry, path: str) -> Path:
    return entry.path.absolute().parent / Path(path).expanduser()


def _unusable(entry: Entry, why: str) -> errors.NotConnected:
    return errors.NotConnected(
        f"`{entry.name}` of the kubeconfig cannot be used: {why}", where=str(entry.path)
    )
