"""Sending calls: timeouts, repetitions, rotated credentials.

Owns the client and its renewal. Every failure leaves as one of our errors.
"""

from __future__ import annotations

import dataclasses
import io
import json
import random
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster.kube.access.credentials import Client
from tfjob_kit.cluster.kube.calls import failures, refusals, retries, wire
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.retries import Failure

__all__ = ["Answer", "Api", "Refused", "system_pace"]

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
"""Longer than the API server's own limit for a webhook, 10 s, and for storage, 15 s."""
_GLANCE_SECONDS = 5.0
_STREAM_TRIES = 4


def system_pace() -> retries.Pace:
    """The machine's clock."""
    return retries.Pace(now=time.monotonic, sleep=time.sleep, chance=random.random)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A successful call.

    Attributes:
        data: The JSON of the answer, or the opened stream.
        was_doubtful: An earlier try of the same call may have been carried out too.
    """

    data: Any
    was_doubtful: bool = False


class Refused(Exception):
    """A call that failed for good, before it is known what that means.

    Attributes:
        failure: The last one.
        was_doubtful: An earlier try of the same call may have been carried out.
        error: What it is for a user unless the caller knows better.
    """

    def __init__(self, failure: Failure, *, was_doubtful: bool, error: errors.ClusterError) -> None:
        super().__init__(error.message)
        self.failure = failure
        self.was_doubtful = was_doubtful
        self.error = error


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class Api:
    """One API server, for all threads.

    Args:
        make_client: Reads the credentials anew and gives a client with them.
        server: For messages.
        budget: How long one call may go on.
        pace: Clock, sleep and chance.
    """

    def __init__(
        self,
        make_client: Callable[[], Client],
        *,
        server: refusals.Server,
        budget: retries.Budget | None = None,
        pace: retries.Pace | None = None,
    ) -> None:
        self.server = server
        self.pace = pace or system_pace()
        self._budget = budget or retries.Budget()
        self._make_client = make_client
        self._client: Client | None = None
        self._wire: tuple[Client, wire.Wire] | None = None
        self._lock = threading.Lock()

    def send(self, call: Call) -> Answer:
        """Sends a call, repeats it where that is safe, and reads its JSON.

        Raises:
            Refused: It failed for good.
            NotAllowed: The credentials cannot be read.
            NotConnected: The kubeconfig cannot be used.
        """
        return self._repeat(call, lambda client: self._json(client, call))

    def ask(self, call: Call) -> dict[str, Any]:
        """The JSON of a call that needs no judgement of its failure. Raises ClusterError."""
        try:
            return self.send(call).data
        except Refused as refused:
            raise refused.error from refused.__cause__

    def glance(self, call: Call) -> dict[str, Any]:
        """The JSON of a call about what is good to know: one try, of a few seconds. Raises ClusterError.

        While the server of an aggregated API is away, each call to it is answered with 503 (kube-aggregator
        0.36, pkg/apiserver/handler_proxy.go), or not at all.
        """
        try:
            return self._repeat(
                call, lambda client: self._json(client, call, read_seconds=_GLANCE_SECONDS), tries=1
            ).data
        except Refused as refused:
            raise refused.error from refused.__cause__

    def open(self, call: Call, *, read_seconds: float) -> Any:
        """Opens a stream (urllib3's HTTPResponse); the caller reads and closes it. Raises Refused."""

        def attempt(client: Client) -> Any:
            if _is_short(call) and client.target.proxy is None:
                answered = self._wired(client, call, _READ_SECONDS)
                return _Whole(answered)
            return self._response(client, call, read_seconds)

        # Whoever reads a stream comes back by itself: it is told of trouble sooner.
        return self._repeat(call, attempt, tries=_STREAM_TRIES).data

    @property
    def client(self) -> Client:
        """The official client's door, for what is no plain call."""
        return self._current()

    def error_of(self, failure: Failure, call: Call) -> errors.ClusterError:
        """What a failure of a stream means to a user."""
        return refusals.error_of(failure, call, self.server)

    def _repeat(self, call: Call, attempt: Callable[[Client], Any], *, tries: int | None = None) -> Answer:
        most = self._budget.tries
        budget = dataclasses.replace(self._budget, tries=min(tries or most, most))
        schedule = retries.Schedule(budget, self.pace)
        doubtful, renewed = False, False
        while True:
            client = self._current()
            try:
                return Answer(data=attempt(client), was_doubtful=doubtful)
            except _Failed as failed:
                failure = failed.failure
                if failure.status == 401 and not renewed:
                    renewed = True
                    self._renew(client)
                    continue
                pause = None
                if retries.may_repeat(failure, is_repeatable=call.is_repeatable):
                    pause = schedule.pause_after(failure)
                if pause is None:
                    raise self._refused(failure, call, doubtful=doubtful) from failed.__cause__
                doubtful = doubtful or retries.is_ambiguous(failure)
                self.pace.sleep(pause)

    def _refused(self, failure: Failure, call: Call, *, doubtful: bool) -> Refused:
        return Refused(failure, was_doubtful=doubtful, error=self.error_of(failure, call))

    def _json(self, client: Client, call: Call, *, read_seconds: float = _READ_SECONDS) -> dict[str, Any]:
        body = self._body(client, call, read_seconds)
        try:
            return json.loads(body)
        except ValueError as error:
            raise _Failed(Failure(kind="truncated", detail="the answer was cut off")) from error

    def _body(self, client: Client, call: Call, read_seconds: float) -> bytes:
        """The whole answer, past the official client where that can be: see `wire`."""
        if client.target.proxy is None:
            return self._wired(client, call, read_seconds).body
        response = self._response(client, call, read_seconds)
        try:
            return response.data
        except Exception as error:
            raise self._as_failed(error) from error

    def _wired(self, client: Client, call: Call, read_seconds: float) -> wire.Answered:
        query = f"?{urllib.parse.urlencode(call.query)}" if call.query else ""
        try:
            answered = self._wire_of(client).send(
                call.method,
                call.path + query,
                headers={**_headers(call), **client.target.acting_as},
                body=None if call.body is None else json.dumps(call.body).encode(),
                connect_seconds=_CONNECT_SECONDS,
                read_seconds=read_seconds,
            )
        except wire.Broken as broken:
            raise _Failed(broken.failure) from broken.__cause__
        if not 200 <= answered.status < 300:
            after = answered.headers.get("Retry-After")
            raise _Failed(failures.status_failure(answered.status, after, answered.body))
        return answered

    def _wire_of(self, client: Client) -> wire.Wire:
        with self._lock:
            if self._wire is None or self._wire[0] is not client:
                self._wire = client, wire.Wire(client.target)
            return self._wire[1]

    def _response(self, client: Client, call: Call, read_seconds: float) -> Any:
        """The answer with its body unread."""
        try:
            return client.api.call_api(
                call.path,
                call.method,
                query_params=list(call.query.items()),
                header_params={**_headers(call), **client.target.acting_as},
                body=call.body,
                auth_settings=["BearerToken"],
                _return_http_data_only=True,
                _preload_content=False,
                _request_timeout=(_CONNECT_SECONDS, read_seconds),
            )
        except errors.TfjobKitError:
            raise
        except Exception as error:
            raise self._as_failed(error) from error

    def _as_failed(self, error: Exception) -> _Failed:
        from tfjob_kit.cluster.kube.access.client_parts import load_parts

        if isinstance(error, load_parts().ApiException):
            refusal: Any = error
            if refusal.status:
                after = refusal.headers.get("Retry-After")
                return _Failed(failures.status_failure(refusal.status, after, refusal.body or b""))
            return _Failed(Failure(kind="certificate", detail=failures.cause_of(error)))
        failure = failures.failure_of(error)
        if failure is None:
            raise error
        return _Failed(failure)

    def _current(self) -> Client:
        """The client, made anew when its credentials are about to end."""
        with self._lock:
            if self._client is None or self._client.is_stale(datetime.now(UTC)):
                self._client = self._make_client()
            return self._client

    def _renew(self, refused: Client) -> None:
        """Reads the credentials anew, unless another thread has done so since `refused` was used."""
        with self._lock:
            if self._client is refused:
                self._client = self._make_client()


def _headers(call: Call) -> dict[str, str]:
    from tfjob_kit import __version__

    headers = {"Accept": "application/json", "User-Agent": f"tfjob-kit/{__version__}"}
    if call.body is not None:
        kind = "merge-patch+json" if call.verb == "patch" else "json"
        headers["Content-Type"] = f"application/{kind}"
    return headers


def _is_short(call: Call) -> bool:
    """The last lines of a log, as they are now: no stream is needed for them."""
    return "tailLines" in call.query and "follow" not in call.query


class _Whole(io.BytesIO):
    """An answer that is there already, read like one that comes."""

    def __init__(self, answered: wire.Answered) -> None:
        super().__init__(answered.body)
        self.headers = answered.headers
