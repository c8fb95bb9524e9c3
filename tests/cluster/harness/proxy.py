"""A proxy before the API server that loses, refuses, breaks and delays what passes through it.

It shows the API server's own certificate, so a client trusts it as it trusts the plane. Upstream it is who
the client's bearer token says, or else the cluster's admin. Upgrades (exec, port-forward) do not pass.
"""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.certificates import Certificates
from harness.faults import Fault, Hook, Plan, Request, no_faults

_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"})
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing the socket sends a reset."""
_PIECE = 65536

_ANSWERS = {
    Fault.TOO_MANY: (429, "TooManyRequests", "the server has received too many requests"),
    Fault.FAILED: (500, "InternalError", "Internal error occurred: injected"),
    Fault.FAILED_AFTER: (500, "InternalError", "etcdserver: request timed out"),
    Fault.UNAVAILABLE: (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    Fault.GONE: (410, "Expired", "too old resource version: 1 (2)"),
}
_UNSENT = {Fault.TOO_MANY, Fault.FAILED, Fault.UNAVAILABLE}
_LOST = {Fault.DROP_AFTER, Fault.RESET_AFTER}


class FaultProxy:
    """A proxy before one API server.

    Attributes:
        plan: What happens to which request; change it through `begin`.
        delay_seconds: How long a delayed answer is held.
        retry_after_seconds: What a 429 says; whole seconds.
    """

    def __init__(
        self, url: str, pki: Path, *, delay_seconds: float = 0.02, retry_after_seconds: int = 1
    ) -> None:
        """`url`: the API server; `pki`: the folder with ca, apiserver and admin certificates."""
        self.upstream = urllib.parse.urlsplit(url)
        self.delay_seconds, self.retry_after_seconds = delay_seconds, retry_after_seconds
        self.plan: Plan = no_faults
        self._pki = pki
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._hook: Hook | None = None
        self._server: _Server | None = None
        self._upstream_tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._upstream_tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._token_tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))

    def start(self) -> FaultProxy:
        """Listens on a free port of loopback."""
        self._server = _Server(self, self._pki)
        threading.Thread(target=self._server.serve_forever, name="fault proxy", daemon=True).start()
        return self

    def close(self) -> None:
        """Listens no more; open connections end with their next request."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None, "the proxy has not been started"
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def write_kubeconfig(self, target: Path, *, namespace: str = "default") -> Path:
        """A kubeconfig of the admin whose server is this proxy."""
        certificates = Certificates(self._pki)
        return certificates.write_kubeconfig(target, file="admin", server=self.url, namespace=namespace)

    def begin(self, plan: Plan = no_faults, *, hook: Hook | None = None) -> None:
        """Forgets the requests so far, counts from 0 and follows another plan from now on."""
        with self._lock:
            self._requests, self.plan, self._hook = [], plan, hook

    @property
    def requests(self) -> tuple[Request, ...]:
        """Those since `begin`, in the order in which they came."""
        with self._lock:
            return tuple(self._requests)

    # -- what a connection asks ------------------------------------------------------------------------------

    def receive(self, method: str, path: str) -> tuple[Request, Hook | None]:
        """Numbers a request, records it and decides what happens to it."""
        with self._lock:
            request = Request(number=len(self._requests), method=method, path=path)
            request = replace(request, fault=self.plan(request))
            self._requests.append(request)
            hook = self._hook if self._hook is not None and self._hook.number == request.number else None
        return request, hook

    def answered(self, request: Request, status: int) -> None:
        with self._lock:
            if request.number < len(self._requests) and self._requests[request.number] == request:
                self._requests[request.number] = replace(request, status=status)

    def connect(self, *, as_admin: bool) -> http.client.HTTPSConnection:
        """A connection to the API server; not `as_admin`: the request brings a token of its own."""
        context = self._upstream_tls if as_admin else self._token_tls
        assert self.upstream.hostname is not None
        return http.client.HTTPSConnection(
            self.upstream.hostname, self.upstream.port, context=context, timeout=330
        )


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, proxy: FaultProxy, pki: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        # The handshake belongs into the connection's own thread, not into the one that accepts.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.proxy = proxy

    def shutdown_request(self, request: Any) -> None:
        """Closes without the polite farewell, which would hide a reset from the client."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is there for."""


class _Cut(Exception):
    """The connection to the client ends here."""


class _Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *arguments: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self._upstreams: dict[bool, http.client.HTTPSConnection] = {}

    def finish(self) -> None:
        for upstream in self._upstreams.values():
            upstream.close()
        super().finish()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request, hook = self.server.proxy.receive(self.command, self.path)
        try:
            self._meet(request, body, hook)
            self.wfile.flush()
        except _Cut:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _meet(self, request: Request, body: bytes, hook: Hook | None) -> None:
        fault = request.fault
        if hook is not None and not hook.after:
            hook.act()
            raise _Cut
        if fault is Fault.DROP_BEFORE:
            raise _Cut
        if fault in _UNSENT or fault is Fault.GONE:
            return self._answer(fault)
        if fault is Fault.DELAYED:
            time.sleep(self.server.proxy.delay_seconds)
        answer = self._forward(request, body)
        if hook is not None:
            answer.read() if not request.is_stream else answer.read1(_PIECE)
            hook.act()
            raise _Cut
        if request.is_stream:
            return self._stream(answer, fault)
        self._whole(answer, fault)

    def _forward(self, request: Request, body: bytes) -> http.client.HTTPResponse:
        as_admin = "Authorization" not in self.headers
        if as_admin not in self._upstreams:
            self._upstreams[as_admin] = self.server.proxy.connect(as_admin=as_admin)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        upstream = self._upstreams[as_admin]
        try:
            upstream.request(request.method, request.path, body=body or None, headers=headers)
            answer = upstream.getresponse()
        except OSError as error:  # The API server itself is gone: so is the client's connection.
            raise _Cut from error
        self.server.proxy.answered(request, answer.status)
        return answer

    def _whole(self, answer: http.client.HTTPResponse, fault: Fault | None) -> None:
        data = answer.read()
        if fault in _LOST:
            raise self._cut(reset=fault is Fault.RESET_AFTER)
        if fault is Fault.FAILED_AFTER:
            return self._answer(fault)
        self._head(answer, length=len(data))
        if fault in (Fault.TORN_AFTER, Fault.TRUNCATED):
            self.wfile.write(data[: len(data) // 2])
            raise self._cut(reset=fault is Fault.TORN_AFTER)
        self.wfile.write(data)

    def _stream(self, answer: http.client.HTTPResponse, fault: Fault | None) -> None:
        if fault in _LOST:
            raise self._cut(reset=fault is Fault.RESET_AFTER)
        if fault is Fault.FAILED_AFTER:
            self._drop_upstreams()
            return self._answer(fault)
        self._head(answer, length=None)
        try:
            for number, piece in enumerate(iter(lambda: answer.read1(_PIECE), b"")):
                if number == 1 and fault is Fault.TORN_AFTER:
                    self._chunk(piece[: len(piece) // 2])
                    raise self._cut(reset=True)
                self._chunk(piece)
                if fault is Fault.TRUNCATED:
                    self._drop_upstreams()
                    break
        except http.client.HTTPException as error:
            raise _Cut from error
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, answer: http.client.HTTPResponse, *, length: int | None) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if length is None:
            self.wfile.flush()

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()

    def _answer(self, fault: Fault | None) -> None:
        assert fault is not None
        code, reason, message = _ANSWERS[fault]
        status = {
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "code": code, "reason": reason, "message": message,
        }  # fmt: skip
        data = json.dumps(status).encode()
        self.send_response_only(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if fault is Fault.TOO_MANY:
            self.send_header("Retry-After", str(self.server.proxy.retry_after_seconds))
        self.end_headers()
        self.wfile.write(data)

    def _cut(self, *, reset: bool) -> _Cut:
        self.wfile.flush()
        self._drop_upstreams()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return _Cut()

    def _drop_upstreams(self) -> None:
        """Ends streams that nobody reads any more."""
        for upstream in self._upstreams.values():
            upstream.close()
        self._upstreams.clear()
