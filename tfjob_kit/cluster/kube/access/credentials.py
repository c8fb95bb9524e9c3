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
from pathlib import Path
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster.kube.access import sign_in
from tfjob_kit.cluster.kube.access.account import Account
from tfjob_kit.cluster.kube.access.client_parts import load_parts
from tfjob_kit.cluster.kube.access.kubeconfig import Context, Entry

__all__ = ["Client", "account_client", "context_client"]

_POOL_SIZE = 32
"""Connections kept per server; a stream beyond opens one of its own."""
_SKEW = timedelta(seconds=30)
"""A plugin's token is renewed so long before it ends."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """The official client, ready.

    Attributes:
        api: An `ApiClient`; the keys that its kubeconfig has inline lie in files that go with it, or at exit.
        expires: When its credentials end, as far as known.
    """

    api: Any
    expires: datetime | None = None

    def is_stale(self, now: datetime) -> bool:
        """Whether the credentials must be made again before the next call."""
        return self.expires is not None and now >= self.expires - _SKEW


def account_client(account: Account, environ: Mapping[str, str]) -> Client:
    """A client with a pod's account."""
    configuration = _configuration(account.server, environ)
    configuration.ssl_ca_cert = str(account.ca_file)
    _use_token_file(configuration, account.token_file)
    return Client(api=_api(configuration))


def context_client(context: Context, environ: Mapping[str, str]) -> Client:
    """A client with the credentials of a kubeconfig's context.

    Raises:
        NotConnected: The cluster's entry cannot be used.
        NotAllowed: The credentials cannot be read, or the plugin that should give them failed.
    """
    configuration = _configuration(_server(context.cluster), environ)
    folder = Path(tempfile.mkdtemp(prefix="tfjob-kit-"))
    # Of the configuration, which lives as long as the client: until then new connections read the keys.
    weakref.finalize(configuration, shutil.rmtree, folder, ignore_errors=True)
    _use_cluster(configuration, context.cluster, folder)
    expires = None
    if context.user is not None:
        expires = _use_user(configuration, context, folder)
    return Client(api=_api(configuration), expires=expires)


def _configuration(server: str, environ: Mapping[str, str]) -> Any:
    configuration = load_parts().Configuration()
    configuration.host = server
    # The calls' own policy repeats; urllib3's would repeat a creation and wait without end.
    configuration.retries = False
    configuration.connection_pool_maxsize = _POOL_SIZE
    # Read here: version 35 of the client forgets NO_PROXY and takes HTTP_PROXY for https.
    scheme = "https" if server.startswith("https") else "http"
    configuration.proxy = environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY") or None
    configuration.no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or None
    return configuration


def _api(configuration: Any) -> Any:
    if not configuration.verify_ssl:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    api = load_parts().ApiClient(configuration)
    from tfjob_kit import __version__

    api.user_agent = f"tfjob-kit/{__version__}"
    return api


def _server(cluster: Entry) -> str:
    server = str(cluster.body.get("server") or "").rstrip("/")
    if not server.startswith(("http://", "https://")):
        raise errors.NotConnected(
            f"cluster `{cluster.name}` of the kubeconfig has no server address",
            where=str(cluster.path),
        )
    return server


def _use_cluster(configuration: Any, cluster: Entry, folder: Path) -> None:
    configuration.ssl_ca_cert = _file(cluster, "certificate-authority", folder)
    if cluster.body.get("insecure-skip-tls-verify"):
        configuration.verify_ssl = False
    if cluster.body.get("tls-server-name"):
        configuration.tls_server_name = str(cluster.body["tls-server-name"])
    if cluster.body.get("proxy-url"):
        configuration.proxy, configuration.no_proxy = str(cluster.body["proxy-url"]), None


def _use_user(configuration: Any, context: Context, folder: Path) -> datetime | None:
    """Fills in who we are; gives the time when that ends."""
    user = context.user
    assert user is not None
    body = user.body
    expires = None
    if "exec" in body:
        signed_in = sign_in.run_plugin(user, context.cluster)
        expires = signed_in.expires
        user = Entry(name=user.name, body={**body, **signed_in.body}, path=user.path)
        body = user.body
    configuration.cert_file = _file(user, "client-certificate", folder)
    configuration.key_file = _file(user, "client-key", folder)
    if body.get("token"):
        configuration.api_key["authorization"] = f"Bearer {body['token']}"
    elif body.get("tokenFile"):
        _use_token_file(configuration, _relative(user, str(body["tokenFile"])))
    elif "auth-provider" in body:
        signed_in = sign_in.ask_provider(user)
        configuration.api_key["authorization"], expires = signed_in.body["authorization"], signed_in.expires
    elif body.get("username"):
        pair = f"{body['username']}:{body.get('password') or ''}"
        configuration.api_key["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return expires


def _use_token_file(configuration: Any, file: Path) -> None:
    """The token as the file has it at each request: who rotates it need not tell us."""

    def read(current: Any) -> None:
        try:
            current.api_key["authorization"] = f"Bearer {file.read_text().strip()}"
        except OSError as error:
            raise errors.NotAllowed(
                f"the token cannot be read: {error.strerror}", where=str(file), status=401
            ) from error

    read(configuration)
    configuration.refresh_api_key_hook = read


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
