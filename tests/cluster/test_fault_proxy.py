"""The fault-injecting proxy does what its plan says, seen by a client that knows nothing but HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from harness.faults import Fault, Hook, Request, Schedule
from harness.plane import Plane
from harness.proxy import FaultProxy

pytestmark = pytest.mark.cluster

BROKEN = (OSError, http.client.HTTPException)


@pytest.fixture(scope="module")
def proxy(fakes: Plane) -> Iterator[FaultProxy]:
    with contextlib.closing(FaultProxy(fakes.url, fakes.certificates.folder).start()) as started:
        yield started


class Client:
    """One connection to the proxy."""

    def __init__(self, proxy: FaultProxy, fakes: Plane) -> None:
        context = ssl.create_default_context(cafile=str(fakes.certificates.folder / "ca.crt"))
        port = int(proxy.url.rpartition(":")[2])
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, {"Content-Type": "application/json", **headers})
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client(proxy: FaultProxy, fakes: Plane) -> Iterator[Client]:
    with contextlib.closing(Client(proxy, fakes)) as opened:
        yield opened


def always(fault: Fault) -> Any:
    return lambda request: fault


def make(client: Client, ns: str, name: str) -> http.client.HTTPResponse:
    return client.send("POST", f"/api/v1/namespaces/{ns}/configmaps", {"metadata": {"name": name}})


def names(fakes: Plane, ns: str) -> list[str]:
    listed = fakes.req("GET", f"/api/v1/namespaces/{ns}/configmaps")["items"]
    return [item["metadata"]["name"] for item in listed if item["metadata"]["name"] != "kube-root-ca.crt"]


def test_without_a_plan_requests_pass_and_are_counted(proxy: FaultProxy, client: Client, ns: str) -> None:
    proxy.begin()
    with make(client, ns, "a") as answer:
        stored = json.load(answer)
    with client.send("GET", f"/api/v1/namespaces/{ns}/configmaps/a") as answer:
        assert json.load(answer) == stored
    assert [("POST", 201), ("GET", 200)] == [(r.method, r.status) for r in proxy.requests]


def test_who_the_token_says_is_asked_for_upstream(proxy: FaultProxy, client: Client, ns: str) -> None:
    proxy.begin()
    account = f"/api/v1/namespaces/{ns}/serviceaccounts/default/token"
    with client.send("POST", account, {}) as answer:
        token = json.load(answer)["status"]["token"]
    with client.send("GET", "/api/v1/nodes", Authorization=f"Bearer {token}") as answer:
        assert f"system:serviceaccount:{ns}:default" in json.load(answer)["message"]


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.RESET_AFTER])
def test_a_lost_answer_says_nothing_of_whether_it_was_carried_out(
    proxy: FaultProxy, client: Client, fakes: Plane, ns: str, fault: Fault
) -> None:
    proxy.begin(always(fault))
    with pytest.raises(BROKEN):
        make(client, ns, "lost")
    assert ([] if fault is Fault.DROP_BEFORE else ["lost"]) == names(fakes, ns)


@pytest.mark.parametrize(
    ("fault", "code", "made"),
    [
        (Fault.TOO_MANY, 429, []),
        (Fault.FAILED, 500, []),
        (Fault.FAILED_AFTER, 500, ["refused"]),
        (Fault.UNAVAILABLE, 503, []),
    ],
)
def test_refusals_come_as_status_objects(
    proxy: FaultProxy, client: Client, fakes: Plane, ns: str, fault: Fault, code: int, made: list[str]
) -> None:
    proxy.begin(always(fault))
    with make(client, ns, "refused") as answer:
        assert code == answer.status
        assert ("1" if code == 429 else None) == answer.headers["Retry-After"]
        assert code == json.load(answer)["code"]
    assert made == names(fakes, ns)


@pytest.mark.parametrize("fault", [Fault.TORN_AFTER, Fault.TRUNCATED])
def test_half_a_body_never_reads_as_a_whole_one(
    proxy: FaultProxy, client: Client, fakes: Plane, ns: str, fault: Fault
) -> None:
    proxy.begin(always(fault))
    answer = make(client, ns, "torn")
    with answer, pytest.raises(BROKEN):
        answer.read()
    assert 201 == answer.status
    assert ["torn"] == names(fakes, ns)


def test_a_truncated_watch_ends_as_if_it_were_over(proxy: FaultProxy, client: Client, ns: str) -> None:
    proxy.begin(always(Fault.TRUNCATED))
    with client.send("GET", f"/api/v1/namespaces/{ns}/configmaps?watch=1") as answer:
        assert "ADDED" == json.loads(answer.read().splitlines()[0])["type"]


def test_a_watch_can_be_too_old(proxy: FaultProxy, client: Client, ns: str) -> None:
    proxy.begin(always(Fault.GONE))
    with client.send("GET", f"/api/v1/namespaces/{ns}/configmaps?watch=1&resourceVersion=1") as answer:
        assert (410, "Expired") == (answer.status, json.load(answer)["reason"])


@pytest.mark.parametrize("after", [False, True])
def test_a_hook_acts_before_or_after_its_request(
    proxy: FaultProxy, client: Client, fakes: Plane, ns: str, after: bool
) -> None:
    seen: list[list[str]] = []
    proxy.begin(hook=Hook(number=1, after=after, act=lambda: seen.append(names(fakes, ns))))
    make(client, ns, "first").read()
    with pytest.raises(BROKEN):
        make(client, ns, "second")
    assert [["first", "second"] if after else ["first"]] == seen
    assert seen[0] == names(fakes, ns)


def test_a_schedule_is_a_pure_function_of_seed_and_request() -> None:
    requests = [Request(number=number, method="GET", path="/api") for number in range(4000)]
    first = [Schedule(seed=7)(request) for request in requests]
    assert first == [Schedule(seed=7)(request) for request in requests]
    assert first != [Schedule(seed=8)(request) for request in requests]
    assert 0.2 < sum(fault is not None for fault in first) / len(first) < 0.3
    assert set(Fault) - {Fault.GONE} == {fault for fault in first if fault}


def test_no_more_than_ten_faults_come_in_a_row() -> None:
    schedule = Schedule(seed=1, share=1.0)
    faults = [schedule(Request(number=number, method="GET", path="/api")) for number in range(300)]
    runs = "".join("x" if fault else " " for fault in faults).split()
    assert 10 == max(map(len, runs))
