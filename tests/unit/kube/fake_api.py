"""An API server of a few hundred lines: objects, versions, watches, logs and faults, over HTTP.

It keeps to what a client can tell: versions grow with each change, a watch tells what came after a version,
an expired version is answered by 410, and a fault strikes before or after the work is done.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
import socket
import threading
import urllib.parse
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Object = dict[str, Any]
_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/v1(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+))?(?P<log>/log)?"
)


@dataclass(kw_only=True)
class Fault:
    """What strikes the next request that fits.

    Attributes:
        status: Answered instead of the work; 0 for a broken connection.
        after: The work is done first, and only its answer is lost.
        cut: So many bytes of the answer arrive.
    """

    method: str = ""
    path: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Object | str = field(default_factory=dict)
    after: bool = False
    cut: int | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def authorization(self) -> str | None:
        return self.headers.get("Authorization")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class FakeApi:
    """The server and the strings to it.

    Attributes:
        requests: Everything that was asked, in order.
        tokens: Bearer tokens that are accepted; empty: any.
        has_crd: Whether TFJobs are known.
        forbidden: Plurals that may not be read.
        answers: Path -> status and body, of what this server knows nothing about.
        page_size: Objects on a page of a list.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.tokens: set[str] = set()
        self.has_crd = True
        self.forbidden: set[str] = set()
        self.answers: dict[str, tuple[int, Any]] = {}
        self.page_size = 500
        self.changed = threading.Condition()
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.history: list[tuple[int, str, str, str, Object]] = []
        self.version = 100
        self.oldest = 0
        self.streams: set[socket.socket] = set()
        self.logs: dict[str, list[str]] = {}
        self.ended: set[str] = set()
        self.is_closed = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.cut_streams()

    # -- the strings ----------------------------------------------------------------------------------------

    def put(self, plural: str, thing: Object) -> Object:
        """Stores an object, new or changed, and tells the watches."""
        with self.changed:
            meta = thing["metadata"]
            key = (plural, meta["namespace"], meta["name"])
            old = self.objects.get(key)
            self.version += 1
            stored = copy.deepcopy(thing)
            stored["metadata"] |= {"resourceVersion": str(self.version)}
            stored["metadata"].setdefault("uid", old["metadata"]["uid"] if old else str(uuid.uuid4()))
            stored["metadata"].setdefault("creationTimestamp", f"2025-01-01T00:00:{self.version % 60:02}Z")
            self.objects[key] = stored
            self._note("MODIFIED" if old else "ADDED", key, stored)
            return copy.deepcopy(stored)

    def remove(self, plural: str, name: str, namespace: str = "team") -> None:
        with self.changed:
            key = (plural, namespace, name)
            gone = self.objects.pop(key)
            self.version += 1
            gone["metadata"]["resourceVersion"] = str(self.version)
            self._note("DELETED", key, gone)

    def forget_history(self) -> None:
        """From now on no watch can go on from an older version."""
        with self.changed:
            self.history.clear()
            self.oldest = self.version

    def cut_streams(self) -> None:
        """Breaks every watch and followed log."""
        with self.changed:
            for stream in self.streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
            self.streams.clear()
            self.changed.notify_all()

    def write(self, pod: str, *lines: str) -> None:
        with self.changed:
            self.logs.setdefault(pod, []).extend(lines)
            self.changed.notify_all()

    def end(self, pod: str) -> None:
        """The pod's log has its last line."""
        with self.changed:
            self.ended.add(pod)
            self.changed.notify_all()

    def asked(self, method: str = "", path: str = "") -> list[Request]:
        return [r for r in list(self.requests) if method in ("", r.method) and path in r.path]

    def wait_for(self, condition: Any, seconds: float = 60) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout=seconds)

    # -- the work -------------------------------------------------------------------------------------------

    def _note(self, kind: str, key: tuple[str, str, str], thing: Object) -> None:
        self.history.append((self.version, kind, key[0], key[1], copy.deepcopy(thing)))
        self.changed.notify_all()


def status(code: int, reason: str, message: str, **details: Any) -> Object:
    return {
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }


def _matches(thing: Object, query: dict[str, str]) -> bool:
    labels = thing["metadata"].get("labels") or {}
    for term in filter(None, query.get("labelSelector", "").split(",")):
        key, _, value = term.partition("=")
        if labels.get(key) != value:
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        key, _, value = term.partition("=")
        found: Any = thing
        for word in key.split("."):
            found = (found or {}).get(word)
        if found != value:
            return False
    return True


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, ValueError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PATCH = do_DELETE = do_GET

        def _serve(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            authorization = self.headers.get("Authorization")
            with api.changed:
                api.requests.append(
                    Request(
                        method=self.command,
                        path=url.path,
                        query=query,
                        headers={name.title(): value for name, value in self.headers.items()},
                    )
                )
                api.changed.notify_all()
                fits = [f for f in api.faults if f.method in ("", self.command) and f.path in self.path]
                fault = fits[0] if fits else None
                if fault is not None:
                    api.faults.remove(fault)
            if fault is not None and not fault.after and (fault.cut is None or fault.status):
                return self._strike(fault)
            code, answer = self._work(url.path, query, body, authorization)
            if answer is None:
                return None
            if fault is not None and fault.after:
                return self._strike(fault)
            return self._answer(code, answer, cut=fault.cut if fault else None)

        def _strike(self, fault: Fault) -> None:
            if fault.status:
                return self._answer(fault.status, fault.body, headers=fault.headers, cut=fault.cut)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None

        def _answer(
            self,
            code: int,
            answer: Object | str,
            *,
            headers: dict[str, str] | None = None,
            cut: int | None = None,
        ) -> None:
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data if cut is None else data[:cut])
            if cut is not None:
                self.close_connection = True

        def _work(self, path: str, query: Any, body: Any, authorization: str | None) -> tuple[int, Any]:
            if api.tokens and (authorization or "").removeprefix("Bearer ") not in api.tokens:
                return 401, status(401, "Unauthorized", "Unauthorized")
            if path in api.answers:
                return api.answers[path]
            match = _PATH.fullmatch(path)
            if match is None or (match["plural"] == "tfjobs" and not api.has_crd):
                return 404, "404 page not found\n"
            plural, namespace, name = match["plural"], match["namespace"], match["name"]
            if plural in api.forbidden:
                text = f'{plural} is forbidden: User "jane" cannot list resource "{plural}"'
                return 403, status(403, "Forbidden", text, kind=plural)
            if match["log"]:
                return self._log(name, query)
            if query.get("watch"):
                return self._watch(plural, namespace, query)
            with api.changed:
                if self.command == "GET":
                    return self._read(plural, namespace, name, query)
                return self._write(plural, namespace, name, body)

        def _read(self, plural: str, namespace: str | None, name: str | None, query: Any) -> tuple[int, Any]:
            if name is not None:
                thing = api.objects.get((plural, namespace or "", name))
                missing = status(404, "NotFound", f'{plural} "{name}" not found', name=name, kind=plural)
                return (200, thing) if thing else (404, missing)
            found = [
                thing
                for (kind, where, _), thing in sorted(api.objects.items())
                if kind == plural and namespace in (None, where) and _matches(thing, query)
            ]
            begin = int(query.get("continue") or 0)
            size = min(int(query.get("limit") or 500), api.page_size)
            page = found[begin : begin + size]
            meta = {"resourceVersion": str(api.version)}
            if begin + size < len(found):
                meta["continue"] = str(begin + size)
            return 200, {"kind": "List", "metadata": meta, "items": page}

        def _write(self, plural: str, namespace: Any, name: Any, body: Any) -> tuple[int, Any]:
            if self.command == "POST":
                key = (plural, namespace, body["metadata"]["name"])
                if key in api.objects:
                    return 409, status(
                        409, "AlreadyExists", f'{plural} "{key[2]}" already exists', name=key[2]
                    )
                body["metadata"]["namespace"] = namespace
                return 201, api.put(plural, body)
            stored = api.objects.get((plural, namespace, name))
            if stored is None:
                return 404, status(404, "NotFound", f'{plural} "{name}" not found', name=name, kind=plural)
            if self.command == "PATCH":
                return 200, api.put(plural, _merge(stored, body))
            wanted = ((body or {}).get("preconditions") or {}).get("uid")
            if wanted not in (None, stored["metadata"]["uid"]):
                return 409, status(409, "Conflict", "the UID in the precondition does not match", name=name)
            api.remove(plural, name, namespace)
            return 200, status(200, "", "")

        def _begin_stream(self) -> None:
            self.close_connection = True
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            api.streams.add(self.connection)

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def _watch(self, plural: str, namespace: str | None, query: Any) -> tuple[int, Any]:
            seen = int(query.get("resourceVersion") or 0)
            with api.changed:
                if seen < api.oldest:
                    return 410, status(410, "Expired", "too old resource version")
                self._begin_stream()
            while True:
                with api.changed:
                    if self.connection not in api.streams or api.is_closed:
                        return 200, None
                    news = [
                        (kind, thing)
                        for version, kind, what, where, thing in api.history
                        if version > seen
                        and what == plural
                        and namespace in (None, where)
                        and _matches(thing, query)
                    ]
                    seen = max(seen, api.version)
                    if not news:
                        api.changed.wait(0.2)
                for kind, thing in news:
                    bare = {key: value for key, value in thing.items() if key not in ("kind", "apiVersion")}
                    self._chunk(json.dumps({"type": kind, "object": bare}).encode() + b"\n")

        def _log(self, name: str, query: Any) -> tuple[int, Any]:
            with api.changed:
                if name not in api.logs:
                    return 400, status(
                        400, "BadRequest", f'container "tensorflow" in pod "{name}" is waiting to start'
                    )
                lines = api.logs[name]
                first = [line for line in lines if line[:19] >= query.get("sinceTime", "")[:19]]
                tail = int(query["tailLines"]) if "tailLines" in query else None
                sent, seen = first if tail is None else first[max(0, len(first) - tail) :], len(lines)
                self._begin_stream()
            while True:
                for line in sent:
                    self._chunk(line.encode("utf-8", "surrogateescape") + b"\n")
                with api.changed:
                    if self.connection not in api.streams or api.is_closed:
                        return 200, None
                    if not query.get("follow") or (name in api.ended and seen == len(lines)):
                        break
                    api.changed.wait(0.2)
                    sent, seen = lines[seen:], len(lines)
            self.wfile.write(b"0\r\n\r\n")
            with api.changed:
                api.streams.discard(self.connection)
            return 200, None

    return Handler


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged
