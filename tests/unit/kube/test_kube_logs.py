"""Lines over connections that break: none lost, none doubled."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.kube import logs
from tfjob_kit.cluster.port import PodRef

from .conftest import CHIEF, REF, make_pod
from .fake_api import Fault, status

POD = CHIEF.name


def _line(number: int, text: str = "") -> str:
    """Twenty lines per second, so that `sinceTime` brings several again."""
    return f"2026-01-01T00:00:{number // 20:02}.{number % 20 * 5:02}Z {text or number}"


class Follower:
    def __init__(self, cluster, pod: PodRef = CHIEF, **choices) -> None:
        self.stop = threading.Event()
        self._items: queue.Queue = queue.Queue()
        self.thread = threading.Thread(target=self._read, args=(cluster, pod, choices), daemon=True)
        self.thread.start()

    def _read(self, cluster, pod, choices) -> None:
        try:
            for entry in cluster.logs(pod, follow=True, stop=self.stop, **choices):
                self._items.put(entry.text)
            self._items.put(None)
        except Exception as error:
            self._items.put(error)

    def next(self) -> str | None:
        item = self._items.get(timeout=60)
        if isinstance(item, Exception):
            raise item
        return item

    def rest(self) -> list[str]:
        return list(iter(self.next, None))


@pytest.fixture
def follow(cluster, monkeypatch) -> Iterator:
    monkeypatch.setattr(logs, "_FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(logs, "_LONGEST_DELAY_SECONDS", 0.05)
    started: list[Follower] = []

    def start(**choices) -> Follower:
        started.append(Follower(cluster, **choices))
        return started[-1]

    yield start
    for follower in started:
        follower.stop.set()
        follower.thread.join(timeout=60)
        assert not follower.thread.is_alive()


def _opened(api, times: int):
    return lambda: times <= len(api.asked(path="/log"))


def test_lines_are_read_with_their_times(api, cluster):
    api.write(POD, _line(0, "one"), _line(1, "two"), _line(25, "three"))
    entries = list(cluster.logs(CHIEF))
    assert ["one", "two", "three"] == [entry.text for entry in entries]
    assert "2026-01-01T00:00:01.25Z" == entries[2].time
    assert ["two", "three"] == [e.text for e in cluster.logs(CHIEF, tail=2)]
    assert ["three"] == [e.text for e in cluster.logs(CHIEF, since=entries[1].time)]
    assert [] == list(cluster.logs(CHIEF, tail=0))
    assert "tensorflow" == api.requests[0].query["container"]


def test_no_line_is_lost_or_doubled_by_streams_that_break(api, follow):
    api.put("pods", make_pod())
    api.write(POD, *(_line(number) for number in range(30)))
    follower = follow()
    for turn in range(1, 6):
        api.wait_for(_opened(api, turn))
        api.cut_streams()
        api.write(POD, *(_line(number) for number in range(30 * turn, 30 * turn + 30)))
    api.put("pods", make_pod(state="terminated"))
    api.end(POD)
    assert [str(number) for number in range(180)] == follower.rest()


def test_a_read_that_breaks_is_finished(api, cluster, monkeypatch):
    monkeypatch.setattr(logs, "_FIRST_DELAY_SECONDS", 0.01)
    api.write(POD, *(_line(number) for number in range(40)))
    api.faults.append(Fault(path="/log", status=200, body="\n".join(_line(n) for n in range(30)), cut=200))
    assert [str(number) for number in range(40)] == [entry.text for entry in cluster.logs(CHIEF)]


def test_following_ends_with_the_container(api, follow):
    api.put("pods", make_pod())
    api.write(POD, _line(0, "one"))
    follower = follow()
    assert "one" == follower.next()
    api.put("pods", make_pod(state="terminated"))
    api.write(POD, _line(1, "last"))
    api.end(POD)
    assert ["last"] == follower.rest()


@pytest.mark.parametrize(
    "after", [make_pod(run="c-2"), make_pod(uid="pod-2"), None], ids=["restart", "new pod", "gone"]
)
def test_following_ends_when_another_run_begins(api, follow, after):
    api.put("pods", make_pod())
    api.write(POD, _line(0, "one"))
    follower = follow()
    assert "one" == follower.next()
    with api.changed:
        api.remove("pods", POD)
        if after is not None:
            api.put("pods", after)
        api.cut_streams()
    assert [] == follower.rest()


def test_following_ends_when_the_pod_is_made_anew_before_the_last_lines_are_read(api, follow):
    api.put("pods", make_pod())
    api.write(POD, _line(0, "one"))
    follower = follow()
    assert "one" == follower.next()
    waiting = f'container "tensorflow" in pod "{POD}" is waiting to start: ContainerCreating'
    with api.changed:
        api.remove("pods", POD)
        api.put("pods", make_pod(uid="pod-2"))
        api.faults += [
            Fault(method="GET", path=POD, status=200, body=make_pod(state="terminated")),
            Fault(path="/log", status=400, body=status(400, "BadRequest", waiting)),
        ]
        api.cut_streams()
    assert [] == follower.rest()


def test_following_ends_when_it_is_told_to(api, follow):
    api.put("pods", make_pod())
    api.write(POD, _line(0, "one"))
    follower = follow()
    assert "one" == follower.next()
    follower.stop.set()
    assert [] == follower.rest()


def test_lines_of_one_instant_survive_a_break(api, follow):
    api.put("pods", make_pod())
    api.write(POD, *(_line(7, text) for text in "abc"))
    follower = follow()
    assert ["a", "b", "c"] == [follower.next() for _ in range(3)]
    api.cut_streams()
    api.write(POD, *(_line(7, text) for text in "de"))
    assert ["d", "e"] == [follower.next() for _ in range(2)]


def test_an_api_server_that_is_away_is_waited_for(api, follow):
    api.put("pods", make_pod())
    api.write(POD, _line(0, "one"))
    follower = follow()
    assert "one" == follower.next()
    api.faults += [Fault(path="/pods/", status=503) for _ in range(30)]
    api.cut_streams()
    api.write(POD, _line(1, "two"))
    assert "two" == follower.next()


def test_a_tail_is_of_the_lines_that_are_there(api, follow):
    api.put("pods", make_pod())
    api.write(POD, _line(0, "old"), _line(1, "newer"))
    follower = follow(tail=1)
    assert "newer" == follower.next()
    api.cut_streams()
    api.write(POD, _line(2, "next"))
    assert "next" == follower.next()


def test_a_container_that_has_not_started(cluster):
    with pytest.raises(errors.ClusterError, match="waiting to start") as caught:
        list(cluster.logs(CHIEF))
    assert caught.value.retryable


def test_lines_that_the_node_has_removed(api, cluster):
    api.write(POD, "unable to retrieve container logs for containerd://abc")
    with pytest.raises(errors.ClusterError, match="the lines of `job-chief-0` are gone"):
        list(cluster.logs(CHIEF))


def test_a_node_that_does_not_answer_is_told_soon(api, cluster, pauses):
    api.faults += [Fault(path="/log", status=502, body="dial tcp: refused") for _ in range(10)]
    with pytest.raises(errors.ClusterError, match="the node of pod `job-chief-0` does not give its lines"):
        list(cluster.logs(CHIEF))
    assert 5 > sum(pauses)


def test_bytes_that_are_no_text_and_lines_of_any_length(api, cluster):
    long = "x" * 300_000
    api.write(POD, _line(0, b"caf\xff".decode("utf-8", "surrogateescape")), _line(1, long))
    texts = [entry.text for entry in cluster.logs(CHIEF)]
    assert ["caf\N{REPLACEMENT CHARACTER}", long] == texts


def test_the_run_before_is_asked_for_as_such(api, cluster):
    api.write(POD, _line(0))
    list(cluster.logs(CHIEF, previous=True, follow=True))
    assert ("true", None) == (api.requests[0].query["previous"], api.requests[0].query.get("follow"))


def test_a_pod_that_is_not_there_is_named(api, cluster):
    api.faults.append(
        Fault(
            path="/log",
            status=404,
            body={"kind": "Status", "code": 404, "details": {"name": "x", "kind": "pods"}},
        )
    )
    with pytest.raises(errors.ClusterError, match="there is no pod `job-worker-9`"):
        list(cluster.logs(PodRef(job=REF, role="worker", index=9)))
