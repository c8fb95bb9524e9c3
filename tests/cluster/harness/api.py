"""Plain HTTP to an API server, for what a test does beside the code under test."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
YAML = "application/yaml"


class Refused(Exception):
    """The API server answered with an error."""

    def __init__(self, call: str, status: int, text: str) -> None:
        super().__init__(f"{call}: {status} {text[:600]}")
        self.status, self.text = status, text

    @property
    def message(self) -> str:
        """What the Status object says."""
        try:
            return json.loads(self.text)["message"]
        except (ValueError, KeyError, TypeError):
            return self.text


class Api(Protocol):
    """Calls as cluster admin. `body`: JSON data, or bytes that go out as they are."""

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        """The decoded answer. Raises Refused."""
        ...


class PlaneApi:
    """An API server whose admin certificate lies in a folder."""

    def __init__(self, url: str, pki: Path) -> None:
        self.url = url
        self._pki = pki
        self._context: ssl.SSLContext | None = None

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        with self.open(method, path, body, content_type) as answer:
            return _decode(answer.read())

    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        timeout: float = 60,
    ) -> Any:
        """The open answer, for watches."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            return urllib.request.urlopen(request, context=self._tls(), timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise Refused(f"{method} {path}", error.code, text) from None

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            context = ssl.create_default_context(cafile=str(self._pki / "ca.crt"))
            context.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
            self._context = context  # whole, for threads that share it
        return self._context


class ExistingApi:
    """The API server of any kubeconfig, through the official client."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._client: Any = None

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        from kubernetes import client, config

        if self._client is None:
            self._client = config.new_client_from_config(str(self._kubeconfig))
        try:
            answer = self._client.call_api(
                path,
                method,
                header_params={"Content-Type": content_type, "Accept": "application/json"},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
            )
        except client.ApiException as error:
            body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
            raise Refused(f"{method} {path}", error.status or 0, body or str(error)) from None
        response = answer[0] if isinstance(answer, tuple) else answer
        return _decode(response.data)


def _decode(data: bytes) -> Any:
    try:
        return json.loads(data) if data else {}
    except ValueError:
        return data.decode(errors="replace")


def wait_until(
    read: Callable[[], T], holds: Callable[[T], Any] = bool, *, what: str = "", seconds: float = 60
) -> T:
    """Reads again until the value pleases; the failure names what and the last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = read()
        if holds(value):
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what or 'not so'} after {seconds} s: {value}")
        time.sleep(0.03)


def exists(api: Api, path: str) -> bool:
    """Whether a GET of the path finds something."""
    try:
        api.request("GET", path)
    except Refused as error:
        if error.status == 404:
            return False
        raise
    return True
