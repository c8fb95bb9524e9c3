"""Where an API server is and as whom we speak to it: what both transports are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Target", "official_client"]

_POOL_SIZE = 32
"""Connections kept per server; a stream beyond opens one of its own."""


@dataclass(kw_only=True)
class Target:
    """Filled in step by step by `credentials`, and left alone from then on.

    Attributes:
        server: URL, without a slash at its end.
        ca_file: Certificates that the server's is checked against; None: those of well-known authorities.
        verify: False: whatever certificate the server shows will do.
        server_name: Name that its certificate must have, where it is not the URL's.
        cert_file: Our certificate; None: none is shown.
        authorization: Header of each request, read anew for each; None: there is none.
        proxy: URL of the proxy in between.
        no_proxy: Hosts that are reached without it.
        acting_as: Headers that make us somebody else, as far as we may.
    """

    server: str
    ca_file: str | None = None
    verify: bool = True
    server_name: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    authorization: Callable[[], str] | None = None
    proxy: str | None = None
    no_proxy: str | None = None
    acting_as: dict[str, str] = field(default_factory=dict[str, str])


def official_client(target: Target) -> Any:
    """An `ApiClient` of the official client."""
    from tfjob_kit import __version__
    from tfjob_kit.cluster.kube.access.client_parts import load_parts

    configuration = load_parts().Configuration()
    configuration.host = target.server
    # The calls' own policy repeats; urllib3's would repeat a creation and wait without end.
    configuration.retries = False
    configuration.connection_pool_maxsize = _POOL_SIZE
    # Set here: version 35 of the client forgets NO_PROXY and takes HTTP_PROXY for https.
    configuration.proxy, configuration.no_proxy = target.proxy, target.no_proxy
    configuration.ssl_ca_cert, configuration.verify_ssl = target.ca_file, target.verify
    configuration.cert_file, configuration.key_file = target.cert_file, target.key_file
    if target.server_name is not None:
        configuration.tls_server_name = target.server_name
    read = target.authorization
    if read is not None:

        def refresh(current: Any) -> None:
            current.api_key["authorization"] = read()

        refresh(configuration)
        configuration.refresh_api_key_hook = refresh
    if not target.verify:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    api = load_parts().ApiClient(configuration)
    api.user_agent = f"tfjob-kit/{__version__}"
    return api
