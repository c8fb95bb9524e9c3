"""What moves the fake: the operator's look at each job, and the kubelet's part played by a test.

Owns carrying out the actions of `rules`. Pods that are deleted are gone at once: nothing here takes a grace
period. Must not know threads; the cluster holds its lock around every use.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.fake.store import Run, Store, pod_ref
from tfjob_kit.cluster.port import JobRef, LogEntry, Object, PodRef
from tfjob_kit.cluster.rules import kubelet

__all__ = ["Machine"]


class Machine:
    """Operator and kubelet over a store."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime], start_pods: bool) -> None:
        self._store = store
        self._clock = clock
        self._start_pods = start_pods
        self._wake_at: dict[JobRef, datetime] = {}

    def tick(self) -> None:
        """Looks at the jobs whose deadline or time to live has come."""
        for ref, due in list(self._wake_at.items()):
            if self._clock() >= due:
                self.settle(ref)

    def settle(self, ref: JobRef) -> None:
        """Looks at the job until nothing is left to do, and starts the pods that may start."""
        while ref in self._store.jobs:
            busy = self._look(ref)
            if self._start_pods:
                busy = self._start_pending(ref) or busy
            if not busy:
                return
        self._wake_at.pop(ref, None)

    def start(self, pod: PodRef) -> None:
        """The container begins a run."""
        now = self._clock()
        thing = kubelet.began(self.pod(pod), started=rules.format_time(now))
        self._store.runs.setdefault(pod, []).append(Run())
        self._store.put_pod(pod, thing)
        message = f"Started container {thing['spec']['containers'][0]['name']}"
        emit = rules.Emit(type="Normal", reason="Started", message=message)
        self._record(pod.job, emit, about=thing, source="kubelet")

    def wait(self, pod: PodRef, *, reason: str, message: str) -> None:
        """The pod stays Pending for that reason."""
        self._store.put_pod(pod, kubelet.pending(self.pod(pod), reason=reason, message=message))

    def end(self, pod: PodRef, *, code: int, reason: str, message: str) -> None:
        """The container's run ends; by the pod's policy another begins in place."""
        thing, time = self.pod(pod), rules.format_time(self._clock())
        began = thing["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
        run = kubelet.Ended(exit_code=code, reason=reason, message=message, started=began, finished=time)
        again = kubelet.will_restart(thing, code)
        self._store.runs[pod][-1].ended = True
        self._store.put_pod(pod, kubelet.ended(thing, run, again=again))
        if again and self._start_pods:
            self.start(pod)

    def evict(self, pod: PodRef, *, message: str) -> None:
        """The kubelet evicts the pod."""
        thing = self.pod(pod)
        self._end_runs(pod)
        self._store.put_pod(pod, kubelet.evicted(thing, message=message))

    def delete(self, pod: PodRef) -> None:
        """Somebody deletes the pod: for one look it is terminating, then it is gone."""
        thing = self.pod(pod)
        time = rules.format_time(self._clock())
        self._store.put_pod(pod, {**thing, "metadata": {**thing["metadata"], "deletionTimestamp": time}})
        self._look(pod.job)
        if pod in self._store.pods:
            self._store.remove_pod(pod)

    def write(self, pod: PodRef, text: str) -> None:
        """The container writes a line."""
        self.running(pod).lines.append(LogEntry(time=self._clock().isoformat(), text=text))

    def running(self, pod: PodRef) -> Run:
        """The pod's run that has not ended.

        Raises:
            ClusterError: No such pod, or it does not run.
        """
        self.pod(pod)
        runs = self._store.runs.get(pod) or []
        if not runs or runs[-1].ended:
            raise errors.ClusterError(f"the pod `{pod.name}` does not run", status=409, where=pod.name)
        return runs[-1]

    def pod(self, pod: PodRef) -> Object:
        """The pod as stored. Raises ClusterError where there is none."""
        try:
            return self._store.pods[pod]
        except KeyError:
            raise errors.ClusterError(f"no pod `{pod.name}`", status=404, where=pod.name) from None

    def _end_runs(self, pod: PodRef) -> None:
        for run in self._store.runs.get(pod, []):
            run.ended = True

    def _start_pending(self, ref: JobRef) -> bool:
        waiting = [pod for pod in self._store.pods_of(ref) if not self._store.runs.get(pod)]
        fresh = [pod for pod in waiting if set(self.pod(pod)["status"]) == {"phase"}]
        for pod in fresh:
            self.start(pod)
        return bool(fresh)

    def _look(self, ref: JobRef) -> bool:
        job, now = self._store.jobs[ref], self._clock()
        pods = [self._store.pods[pod] for pod in self._store.pods_of(ref)]
        outcome = rules.reconcile(job, pods=pods, now=now)
        changed = outcome.status != job.get("status", {})
        if changed:
            self._store.put_job(ref, {**job, "status": outcome.status})
        self._plan_next(ref, outcome)
        done = [self._carry_out(ref, action) for action in outcome.actions]
        return changed or any(done)

    def _plan_next(self, ref: JobRef, outcome: rules.Outcome) -> None:
        if outcome.wake_at is None:
            self._wake_at.pop(ref, None)
        else:
            self._wake_at[ref] = outcome.wake_at

    def _carry_out(self, ref: JobRef, action: rules.Action) -> bool:
        match action:
            case rules.CreatePod():
                self._create(ref, action)
            case rules.DeletePod(name=name):
                doomed = [pod for pod in self._store.pods_of(ref) if pod.name == name]
                self._store.remove_pod(doomed[0])
            case rules.DeleteJob():
                self._store.remove_job(ref)
            case rules.Emit():
                return self._record(ref, action, about=self._store.jobs[ref], source="tfjob-controller")
        return True

    def _create(self, ref: JobRef, action: rules.CreatePod) -> None:
        thing = rules.build_pod(
            self._store.jobs[ref],
            role=action.role,
            index=action.index,
            uid=str(uuid.uuid4()),
            now=self._clock(),
        )
        self._store.put_pod(pod_ref(thing, ref), thing)

    def _record(self, ref: JobRef, emit: rules.Emit, *, about: Object, source: str) -> bool:
        events = self._store.events.setdefault(ref, [])
        event = rules.record_event(events, emit, about=about, now=self._clock(), source=source)
        if event is not None:
            self._store.note_event(ref, event)
        return event is not None
