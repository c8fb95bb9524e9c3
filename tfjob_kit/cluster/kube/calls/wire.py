"""Requests and their whole answers over the standard library: the quick way to an API server.

The official client takes 0.2 s to import, urllib3 alone half of it, which is longer than a submission takes
otherwise. So whatever has a short answer goes this way; streams, and everything through an HTTP proxy, go
through the official client. Owns connections and what breaks on them; must not know what is asked.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import urllib.parse
import weakref
from dataclasses import dataclass
from email.message import Message

from tfjob_kit import errors
from tfjob_kit.cluster.kube.access.target import Target
from tfjob_kit.cluster.kube.calls.retries import Failure

__all__ = ["Answered", "Broken", "Wire"]

_MOST_IDLE = 32


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer, whatever it says."""

    status: int
    headers: Message
    body: bytes


class Broken(Exception):
    """There is no whole answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class Wire:
    """Connections to one API server, for all threads; one that is idle is used again."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._url = urllib.parse.urlsplit(target.server)
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None
        weakref.finalize(self, _close, self._idle)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        body: bytes | None,
        connect_seconds: float,
        read_seconds: float,
    ) -> Answered:
        """One request and its answer. Raises Broken."""
        if self._target.authorization is not None:
            headers = {**headers, "Authorization": self._target.authorization()}
        connection = self._take() or self._connect(connect_seconds)
        try:
            if connection.sock is not None:
                connection.sock.settimeout(read_seconds)
            connection.request(method, self._url.path + path, body=body, headers=headers)
            response = connection.getresponse()
            answered = Answered(
                status=response.status,
                headers=response.headers,
                body=response.read(),
            )
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Broken(_failure(error)) from error
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, is_open=not response.will_close)
        return answered

    def _take(self) -> http.client.HTTPConnection | None:
        """An idle connection that the other side has not closed meanwhile."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _give_back(self, connection: http.client.HTTPConnection, *, is_open: bool) -> None:
        with self._lock:
            if is_open and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        tls = self._context() if self._url.scheme == "https" else None
        host, port = self._url.hostname or "", self._url.port or (443 if tls else 80)
        connection = http.client.HTTPConnection(host, port)
        connection.auto_open = 0  # a broken connection is reported, not opened again unseen
        try:
            plain = socket.create_connection((host, port), seconds)
        except TimeoutError as error:
            raise Broken(Failure(kind="unreachable", detail="no connection in time")) from error
        except OSError as error:
            raise Broken(Failure(kind="unreachable", detail=_text(error))) from error
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = self._secure(plain, host, tls) if tls else plain
        return connection

    def _secure(self, plain: socket.socket, host: str, tls: ssl.SSLContext) -> ssl.SSLSocket:
        """The handshake: nothing has been asked when it fails."""
        try:
            return tls.wrap_socket(plain, server_hostname=self._target.server_name or host)
        except (OSError, ValueError) as error:
            plain.close()
            kind = "certificate" if _is_refusal(error) else "unreachable"
            raise Broken(Failure(kind=kind, detail=_text(error))) from error

    def _context(self) -> ssl.SSLContext:
        """TLS as kubectl has it: a CA without all of today's extensions will do."""
        if self._tls is not None:
            return self._tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._target.verify:
            self._trust(context, self._target.ca_file or _well_known())
        else:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self._target.cert_file is not None:
            self._show_certificate(context, self._target.cert_file)
        self._tls = context
        return context

    def _trust(self, context: ssl.SSLContext, file: str) -> None:
        try:
            context.load_verify_locations(file)
        except (OSError, ValueError) as error:
            raise errors.NotConnected(
                f"the certificates that the server's is checked against cannot be used: {_text(error)}",
                where=self._target.server,
                hint="`certificate-authority` of the kubeconfig's cluster must be PEM",
            ) from error

    def _show_certificate(self, context: ssl.SSLContext, file: str) -> None:
        try:
            context.load_cert_chain(file, self._target.key_file)
        except (OSError, ValueError) as error:
            raise errors.NotAllowed(
                f"our own certificate or its key cannot be used: {_text(error)}",
                where=self._target.server,
                hint="`client-certificate` and `client-key` of the kubeconfig's user must be PEM, and a pair",
                status=401,
            ) from error


def _close(connections: list[http.client.HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def _well_known() -> str:
    import certifi

    return certifi.where()


def _is_refusal(error: Exception) -> bool:
    """Whether TLS itself said no, rather than the connection broke below it."""
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    return isinstance(error, ssl.SSLError | ValueError) and not isinstance(error, broken)


def _failure(error: OSError | http.client.HTTPException) -> Failure:
    if isinstance(error, TimeoutError):
        return Failure(kind="timeout", detail="no answer in time")
    if isinstance(error, http.client.IncompleteRead):
        return Failure(kind="truncated", detail="the answer was cut off")
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        # With TLS 1.3 the server judges our certificate when the handshake is over for us.
        return Failure(kind="certificate", detail=_text(error))
    return Failure(kind="reset", detail=_text(error))


def _text(error: Exception) -> str:
    """`connection refused`."""
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
