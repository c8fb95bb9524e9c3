"""The kubelets' part of `pods/log` for fake nodes: the API server fetches lines here, over TLS on loopback.

Like a kubelet it keeps lines by pod and run of the container: a pod that is made anew starts empty, a restart
in place moves the lines to `previous`, and followers get the end when the container ends.
"""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
import time
import urllib.parse
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.api import PlaneApi, Refused
from harness.streams import Broken, Stream, stamp

CONTAINER = "tensorflow"

_RunKey = tuple[str, str, int]
"""The pod's uid, the container's name, how often it was restarted before."""


class Fakelet:
    """Lines of all fake pods of a plane.

    Attributes:
        port: What the nodes' status has to name.
        requests: Path and query of each request so far, oldest first.
    """

    def __init__(self, api: PlaneApi, pki: Path) -> None:
        self._api, self._pki = api, pki
        self._streams: dict[_RunKey, Stream] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._server: _Server | None = None
        self.port = 0
        self.requests: list[str] = []

    def start(self) -> None:
        self._server = _Server(self, self._pki)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="fakelet", daemon=True).start()
        threading.Thread(target=self._watch_ends, name="fakelet watch", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        with self._lock:
            streams = list(self._streams.values())
        for stream in streams:
            stream.end()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    # -- what a test does ------------------------------------------------------------------------------------

    def write(self, namespace: str, pod: str, text: str, *, container: str = CONTAINER) -> None:
        """The container's present run prints these lines; a last line end is added."""
        self.stream(namespace, pod, container).write(text if text.endswith("\n") else text + "\n")

    def end(self, namespace: str, pod: str, *, container: str = CONTAINER) -> None:
        """Followers get the end, though the container may still run."""
        self.stream(namespace, pod, container).end()

    def cut(self, namespace: str, pod: str, *, container: str = CONTAINER) -> None:
        """Breaks every open connection to these lines in the middle."""
        self.stream(namespace, pod, container).cut()

    # -- what requests find ----------------------------------------------------------------------------------

    def stream(self, namespace: str, pod: str, container: str, *, previous: bool = False) -> Stream:
        """Lines of the container's present run, or the one before.

        Raises:
            Refused: There is no such pod, or the container has not run; the text is a kubelet's.
        """
        found = self._api.request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}")
        run = _run_of(found, container)
        if run is None:
            text = f'container "{container}" in pod "{pod}" is waiting to start: ContainerCreating'
            raise Refused("containerLogs", 400, text)
        if previous and run == 0:
            text = f'previous terminated container "{container}" in pod "{pod}" not found'
            raise Refused("containerLogs", 400, text)
        return self._stream(found["metadata"]["uid"], container, run - previous)

    def _stream(self, uid: str, container: str, run: int) -> Stream:
        with self._lock:
            return self._streams.setdefault((uid, container, run), Stream())

    # -- ends of containers ----------------------------------------------------------------------------------

    def _watch_ends(self) -> None:
        while not self._stopped.is_set():
            try:
                listed = self._api.request("GET", "/api/v1/pods")
                for pod in listed["items"]:
                    self._see(pod, gone=False)
                self._end_missing({pod["metadata"]["uid"] for pod in listed["items"]})
                self._follow_pods(listed["metadata"]["resourceVersion"])
            except (OSError, ValueError, Refused):
                self._stopped.wait(0.1)

    def _follow_pods(self, version: str) -> None:
        path = f"/api/v1/pods?watch=1&resourceVersion={version}&timeoutSeconds=300"
        with self._api.open("GET", path, timeout=310) as lines:
            for line in lines:
                change = json.loads(line)
                if change["type"] == "ERROR" or self._stopped.is_set():
                    return
                self._see(change["object"], gone=change["type"] == "DELETED")

    def _see(self, pod: dict[str, Any], *, gone: bool) -> None:
        with self._lock:
            known = [(k, s) for k, s in self._streams.items() if k[0] == pod["metadata"]["uid"]]
        for (_, container, run), stream in known:
            now = _run_of(pod, container)
            if gone or now is None or now > run or _has_ended(pod, container):
                stream.end()

    def _end_missing(self, uids: set[str]) -> None:
        with self._lock:
            missing = [stream for key, stream in self._streams.items() if key[0] not in uids]
        for stream in missing:
            stream.end()


def _status(pod: dict[str, Any], container: str) -> dict[str, Any]:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return next((status for status in statuses if status["name"] == container), {})


def _run_of(pod: dict[str, Any], container: str) -> int | None:
    """How often the container was restarted; None: it has not started yet."""
    status = _status(pod, container)
    if not status or ("waiting" in status.get("state", {}) and not status["restartCount"]):
        return None
    return status["restartCount"]


def _has_ended(pod: dict[str, Any], container: str) -> bool:
    return "terminated" in _status(pod, container).get("state", {})


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, fakelet: Fakelet, pki: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        # The handshake belongs into the connection's own thread, not into the one that accepts.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.fakelet = fakelet

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is there for."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        self.server.fakelet.requests.append(self.path)
        kind, *where = url.path.strip("/").split("/")
        if kind != "containerLogs" or len(where) != 3:
            return self.send_error(404)
        try:
            stream = self.server.fakelet.stream(*where, previous=query.get("previous") == "true")
        except Refused as error:
            return self._refuse(error)
        self._send_lines(stream, query)

    def _refuse(self, error: Refused) -> None:
        body = error.text.encode()
        self.send_response(error.status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_lines(self, stream: Stream, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        tail = int(query["tailLines"]) if "tailLines" in query else None
        stamped = query.get("timestamps") == "true"
        try:
            for lines in stream.read(follow=query.get("follow") == "true", tail=tail, since=_since(query)):
                self._send_chunk("".join(f"{stamp(when)} {x}" if stamped else x for when, x in lines))
            self.wfile.write(b"0\r\n\r\n")
        except Broken:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _send_chunk(self, text: str) -> None:
        data = text.encode()
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def _since(query: dict[str, str]) -> int | None:
    """Nanoseconds since the epoch; the API server passes `sinceTime` on in whole seconds."""
    if "sinceTime" in query:
        return int(datetime.fromisoformat(query["sinceTime"]).timestamp()) * 10**9
    if "sinceSeconds" in query:
        return time.time_ns() - int(query["sinceSeconds"]) * 10**9
    return None
