"""The fake as an engine: the port's calls, and the controls by which a test plays the containers.

Owns the lock. Every call gives copies, so that no test can change the store by accident.
"""

from __future__ import annotations

import copy
import difflib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.fake.held import Held
from tfjob_kit.cluster.fake.machine import Machine
from tfjob_kit.cluster.fake.store import Run, Store
from tfjob_kit.cluster.port import Capacity, Change, JobRef, LogEntry, Object, PodRef, QueuePlace

__all__ = ["FakeCluster"]

_POLL_SECONDS = 0.05
"""How often a reader that waits looks at its stop flag and at the clock."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FakeCluster:
    """An engine in memory; safe for threads.

    Args:
        clock: Gives the time; `ManualClock` for tests of deadlines.
        start_pods: Containers begin as soon as their pod is there; else when `start` is called.
        default_namespace: Of jobs that name none.
        holds: What `capacity` says; no pod is kept waiting for it.
    """

    keeps_scratch = False

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = _utc_now,
        start_pods: bool = True,
        default_namespace: str = "default",
        holds: Capacity | None = None,
    ) -> None:
        self.name = "fake"
        self.description = "fake: in memory, for tests"
        self.default_namespace = default_namespace
        self.ending_namespaces: set[str] = set()
        self.queue_places: dict[JobRef, QueuePlace] = {}
        self._holds = holds or Capacity(nodes=None, pods=None, quotas=None)
        self._clock = clock
        self._store = Store()
        self._machine = Machine(self._store, clock=clock, start_pods=start_pods)
        self._changed = threading.Condition(threading.RLock())
        self._failures: dict[str, list[Exception]] = {}

    # --- the port ----------------------------------------------------------------------------------

    def create(self, job: Object, *, companions: Sequence[Object] = (), dry_run: bool = False) -> Object:
        """As the port says."""
        with self._calling("create"):
            job = self._as_stored(job)
            ref = JobRef(namespace=job["metadata"]["namespace"], name=job["metadata"]["name"])
            stored = self._store.jobs.get(ref)
            if stored is not None:
                if rules.companions.is_same_submission(stored, job, companions=companions):
                    return copy.deepcopy(stored)
                raise errors.JobExists(
                    f"a job `{ref.name}` is there already",
                    status=409,
                    where=f"{ref.namespace}/{ref.name}",
                    existing=copy.deepcopy(stored),
                )
            if not dry_run:
                self._store.put_job(ref, job)
                owned = [rules.companions.own(companion, job=job) for companion in companions]
                self._store.put_companions(ref, owned)
                self._machine.settle(ref)
            return copy.deepcopy(job)

    def get(self, ref: JobRef) -> Object:
        """As the port says."""
        with self._calling("get"):
            return copy.deepcopy(self._job(ref))

    def list(self, *, namespace: str | None = None, selector: str | None = None) -> list[Object]:
        """As the port says."""
        with self._calling("list"):
            terms = rules.parse_selector(selector)
            found = [
                job
                for ref, job in self._store.jobs.items()
                if namespace in (None, ref.namespace) and rules.matches(job, terms)
            ]
            return copy.deepcopy(found)

    def patch(self, ref: JobRef, patch: Object) -> Object:
        """As the port says."""
        with self._calling("patch"):
            old = self._job(ref)
            new = rules.merge_patch(old, patch)
            rules.validate(new, old=old)
            for name in ("name", "namespace", "uid"):
                if new["metadata"].get(name) != old["metadata"][name]:
                    raise errors.ClusterError(
                        f"`metadata.{name}` cannot change", status=422, where=f"metadata.{name}"
                    )
            new["status"] = old.get("status", {})
            self._store.put_job(ref, new)
            self._machine.settle(ref)
            return copy.deepcopy(self._store.jobs.get(ref, new))

    def delete(self, ref: JobRef) -> None:
        """As the port says; pods are gone at once."""
        with self._calling("delete"):
            self._job(ref)
            self._store.remove_job(ref)
            self._machine.settle(ref)

    def pods(self, ref: JobRef) -> list[Object]:
        """As the port says."""
        with self._calling("pods"):
            return copy.deepcopy([self._store.pods[pod] for pod in self._store.pods_of(ref)])

    def events(self, ref: JobRef) -> list[Object]:
        """As the port says."""
        with self._calling("events"):
            return copy.deepcopy(self._store.events.get(ref, []))

    def watch(
        self, *, namespace: str, name: str | None = None, stop: threading.Event | None = None
    ) -> Iterator[Change]:
        """As the port says."""
        with self._calling("watch"):
            seen = len(self._store.changes)
            known = self._store.snapshot(namespace=namespace, name=name)
        yield from known
        yield Change(type="BOOKMARK", kind="", object={})
        while not (stop and stop.is_set()):
            with self._changed:
                self._machine.tick()
                if len(self._store.changes) == seen:
                    self._changed.wait(_POLL_SECONDS)
                news = self._store.changes_since(seen, namespace=namespace, name=name)
                seen = len(self._store.changes)
            yield from news

    def logs(
        self,
        pod: PodRef,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: str | None = None,
        previous: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[LogEntry]:
        """As the port says."""
        with self._calling("logs"):
            run = self._run(pod, previous=previous)
            lines = [line for line in run.lines if since is None or _is_later(line.time, since)]
            seen = len(run.lines)
        yield from lines if tail is None else lines[max(0, len(lines) - tail) :]
        while follow and not (stop and stop.is_set()):
            with self._changed:
                if len(run.lines) == seen and not run.ended:
                    self._changed.wait(_POLL_SECONDS)
                news, ended = run.lines[seen:], run.ended
                seen += len(news)
            yield from news
            if ended:
                return

    def companions(self, ref: JobRef) -> list[Object]:
        """As the port says."""
        with self._calling("companions"):
            self._job(ref)
            return copy.deepcopy(self._store.companions.get(ref, []))

    def put_companion(self, ref: JobRef, companion: Object) -> None:
        """As the port says."""
        with self._calling("put_companion"):
            owned = rules.companions.own(companion, job=self._job(ref))
            others = [
                t for t in self._store.companions.get(ref, []) if not rules.companions.is_same(t, owned)
            ]
            self._store.put_companions(ref, [*others, owned])

    def capacity(self, *, namespace: str) -> Capacity:
        """What the test has said; unknown until then."""
        with self._calling("capacity"):
            return self._holds

    def is_ending(self, namespace: str) -> bool:
        """As a test has put it into `ending_namespaces`."""
        return namespace in self.ending_namespaces

    def queue_place(self, ref: JobRef, *, uid: str, queue: str) -> QueuePlace | None:
        """As a test has put it into `queue_places`."""
        return self.queue_places.get(ref)

    def places(self, ref: JobRef) -> dict[str, str]:
        """Nothing lies anywhere."""
        return {}

    # --- controls of a test ------------------------------------------------------------------------

    def start(self, pod: PodRef) -> None:
        """The pod's container begins; needed only with `start_pods=False` or after `hold`."""
        with self._changing(pod):
            self._machine.start(pod)

    def hold(self, pod: PodRef, *, reason: str = "Unschedulable", message: str = "") -> None:
        """The pod stays Pending and says why; with `start_pods=False`."""
        with self._changing(pod):
            self._machine.wait(pod, reason=reason, message=message)

    def write_log(self, pod: PodRef, text: str) -> None:
        """The pod's container writes a line."""
        with self._changing(pod):
            self._machine.write(pod, text)

    def exit(self, pod: PodRef, code: int, *, message: str = "", reason: str | None = None) -> None:
        """The pod's container ends with that code and termination message."""
        with self._changing(pod):
            self._machine.running(pod)
            why = reason or ("Error" if code else "Completed")
            self._machine.end(pod, code=code, reason=why, message=message)

    def evict(self, pod: PodRef, *, message: str = "The node was low on resource: memory.") -> None:
        """The kubelet evicts the pod: it fails without an exit code."""
        with self._changing(pod):
            self._machine.evict(pod, message=message)

    def delete_pod(self, pod: PodRef) -> None:
        """Somebody deletes or drains the pod; while it terminates the operator counts it as failed."""
        with self._changing(pod):
            self._machine.delete(pod)

    def fail_next(self, call: str, error: Exception) -> None:
        """The next call of that name (`get`, `watch`, ...) raises the error; several add up."""
        with self._changed:
            self._failures.setdefault(call, []).append(error)

    def tick(self) -> None:
        """Looks at the clock; every call of the port does so too."""
        with self._changed:
            self._machine.tick()
            self._changed.notify_all()

    # --- inside ------------------------------------------------------------------------------------

    def _calling(self, call: str) -> Held:
        return Held(self._changed, lambda: self._begin(call))

    def _changing(self, pod: PodRef) -> Held:
        return Held(self._changed, lambda: None, lambda: self._machine.settle(pod.job))

    def _begin(self, call: str) -> None:
        pending = self._failures.get(call)
        if pending:
            raise pending.pop(0)
        self._machine.tick()

    def _job(self, ref: JobRef) -> Object:
        try:
            return self._store.jobs[ref]
        except KeyError:
            known = [other.name for other in self._store.jobs if other.namespace == ref.namespace]
            raise errors.JobNotFound(
                f"no job `{ref.name}` in namespace `{ref.namespace}`",
                status=404,
                nearest=tuple(difflib.get_close_matches(ref.name, known)),
            ) from None

    def _as_stored(self, job: Object) -> Object:
        job = copy.deepcopy(job)
        metadata: Object = job.setdefault("metadata", {})
        metadata.setdefault("namespace", self.default_namespace)
        rules.validate(job)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": rules.format_time(self._clock())}
        metadata["generation"] = 1
        job.pop("status", None)
        if job["spec"].get("runPolicy") is not None:
            job["spec"]["runPolicy"].setdefault("suspend", False)
        return job

    def _run(self, pod: PodRef, *, previous: bool) -> Run:
        self._machine.pod(pod)
        runs = self._store.runs.get(pod) or []
        if len(runs) < (2 if previous else 1):
            what = "has no earlier run" if previous else "has not started"
            raise errors.ClusterError(
                f"the container of `{pod.name}` {what}", status=400, where=pod.name, retryable=not previous
            )
        return runs[-2] if previous else runs[-1]


def _is_later(time: str, than: str) -> bool:
    return datetime.fromisoformat(time) > datetime.fromisoformat(than)
