"""The replicas of one job on this machine: made, placed, started, stopped.

Owns what the API server, the scheduler and the kubelet do with a job's pods on a cluster. Must not decide
which pods there should be: that is the operator's rules' to say, through the keeper.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import gpus
from tfjob_kit.cluster.local.processes import environment, volumes
from tfjob_kit.cluster.local.processes.guard import Guard
from tfjob_kit.cluster.local.processes.replica import Replica
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.local.store.leases import Leases
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules import kubelet
from tfjob_kit.errors import ClusterError

__all__ = ["Crew", "Facts"]

_WAIT_SECONDS = 0.5
"""How often a replica that waits for GPUs of other jobs asks again."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the submission found here.

    Attributes:
        gpus: GPUs that jobs may use.
        directory: Directory of the submission.
        environ: Its environment.
    """

    gpus: list[str]
    directory: Path
    environ: Mapping[str, str]


class Crew:
    """The replicas by pod name."""

    def __init__(self, *, job: JobDir, state: Path, facts: Facts, selector: selectors.BaseSelector) -> None:
        self.replicas: dict[str, Replica] = {}
        self._departed: dict[str, Object] = {}
        self.leases = Leases(state=state, job=job)
        self._job = job
        self._state = state
        self._facts = facts
        self._selector = selector
        self._ask_again_at: float | None = None
        self._told: set[int] = set()

    def pods(self) -> list[Object]:
        """The pods that are left, by role and index."""
        return [replica.pod for _, replica in sorted(self.replicas.items(), key=_by_role)]

    def departed(self) -> list[Object]:
        """Pods that are gone, as they were last: the newest of each name."""
        return list(self._departed.values())

    @property
    def is_idle(self) -> bool:
        """No process runs and none will be started."""
        replicas = self.replicas.values()
        return all(not r.is_running and kubelet.is_finished(r.pod) for r in replicas)

    def add(self, pod: Object) -> None:
        """Takes a new pod; one of that name that is still ending blocks it, as in a cluster."""
        name = pod["metadata"]["name"]
        if name not in self.replicas:
            self.replicas[name] = Replica(
                pod, log_dir=self._job.logs(name), termination_log=self._job.termination_file(name)
            )

    def delete(self, name: str) -> None:
        """Ends a pod and, once nothing of it runs, forgets it."""
        if replica := self.replicas.get(name):
            if replica.is_running:
                self._emit(replica, "Normal", "Killing", "Stopping container tensorflow")
            replica.stop()

    def sessions(self) -> list[int]:
        """Sessions of the commands that run."""
        return [r.session for r in self.replicas.values() if r.session is not None and r.is_running]

    def shim_pids(self) -> set[int]:
        """Children of the keeper whose end is read from their reports."""
        return {r.shim.pid for r in self.replicas.values() if r.shim is not None}

    def addresses(self, names: list[str]) -> dict[str, int]:
        """First port of each pod."""
        return self.leases.ports(names)

    def start_waiting(self, *, replicas: int) -> bool:
        """Starts pods that have not started, all that wait for GPUs together; True when something changed.

        Args:
            replicas: Replicas of the whole job, among which the cores are divided.
        """
        moment = time.monotonic()
        waiting = [r for r in self.replicas.values() if r.command is None and not r.is_deleted]
        if not waiting or (self._ask_again_at is not None and moment < self._ask_again_at):
            return False
        placed = self._place_gpus()
        if placed is None:
            self._ask_again_at = moment + _WAIT_SECONDS
            return bool([replica for replica in waiting if self._hold_back(replica)])
        self._ask_again_at = None
        threads = max(1, len(os.sched_getaffinity(0)) // max(replicas, 1))
        for replica in waiting:
            self._start(replica, placed.get(replica.name, []), threads=threads)
        return True

    def turn(self, guard: Guard) -> bool:
        """Moves output, takes reports, does what is due, forgets what is gone; True when a pod changed."""
        changed = False
        moment = time.monotonic()
        for replica in list(self.replicas.values()):
            before = replica.pod
            replica.read_output(self._close)
            replica.read_reports(self._close)
            replica.tick(moment)
            self._listen(replica)
            if replica.session is not None and replica.session not in self._told:
                self._told.add(replica.session)
                guard.learn(replica.session)
            if replica.is_gone:
                del self.replicas[replica.name]
                self._departed[replica.name] = replica.pod
            if replica.is_gone or replica.pod is not before:
                changed = True
                self._tell(replica, before)
        return changed

    def next_wake(self) -> float | None:
        """Monotonic time of the next thing to do; None when nothing is due without news."""
        due = [r.wake_at for r in self.replicas.values() if r.wake_at is not None]
        if self._ask_again_at is not None:
            due.append(self._ask_again_at)
        return min(due, default=None)

    def _place_gpus(self) -> dict[str, list[str]] | None:
        if not self._facts.gpus:
            return {}
        wanted = {r.name: gpus.gpus_of_pod(r.pod) for r in self.replicas.values()}
        needed = {
            name: count
            for name, count in wanted.items()
            if count and not kubelet.is_finished(self.replicas[name].pod)
        }
        return self.leases.gpus(needed, found=self._facts.gpus) if needed else {}

    def _start(self, replica: Replica, own_gpus: list[str], *, threads: int) -> None:
        pod = replica.pod
        try:
            place = environment.Place(
                mounts=volumes.make_mounts(pod, job=self._job, state=self._state, pod=replica.name),
                gpus=own_gpus,
                on_cpu_instead=not self._facts.gpus and gpus.gpus_of_pod(pod) > 0,
                threads=threads,
                port=self.leases.ports([replica.name])[replica.name],
                directory=self._facts.directory,
                termination_log=self._job.termination_file(replica.name),
            )
        except ClusterError as error:
            replica.fail_to_start(error.message)
            return
        replica.start(environment.make_command(pod, place=place, environ=self._facts.environ))
        self._listen(replica)

    def _hold_back(self, replica: Replica) -> bool:
        count = gpus.gpus_of_pod(replica.pod)
        message = f"waiting for {count} of {len(self._facts.gpus)} GPUs: other jobs hold them"
        held = kubelet.pending(replica.pod, reason="Unschedulable", message=message)
        if held == replica.pod:
            return False
        replica.pod = held
        self._emit(replica, "Warning", "FailedScheduling", message)
        return True

    def _listen(self, replica: Replica) -> None:
        for descriptor in replica.descriptors():
            with contextlib.suppress(KeyError):
                self._selector.register(descriptor, selectors.EVENT_READ)

    def _close(self, descriptor: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(descriptor)
        os.close(descriptor)

    def _tell(self, replica: Replica, before: Object) -> None:
        """Events as a kubelet writes them."""
        old, new = _state(before), _state(replica.pod)
        if "running" in new and "running" not in old:
            self._emit(replica, "Normal", "Started", "Started container tensorflow")
        elif "waiting" in new and new["waiting"]["reason"] == "CrashLoopBackOff" and new != old:
            self._emit(replica, "Warning", "BackOff", "Back-off restarting failed container tensorflow")
        if replica.lost_lines and not replica.is_running:
            message = f"{replica.lost_lines} lines of output could not be written"
            self._emit(replica, "Warning", "LogsLost", message)
        last = _last_end(replica.pod)
        if last and last != _last_end(before) and last["reason"] in ("StartError", "OOMKilled"):
            self._emit(replica, "Warning", last["reason"], last.get("message", "killed for lack of memory"))

    def _emit(self, replica: Replica, kind: str, reason: str, message: str) -> None:
        emit = rules.Emit(type="Warning" if kind == "Warning" else "Normal", reason=reason, message=message)
        with contextlib.suppress(ClusterError):
            self._job.add_event(emit, about=replica.pod)


def _state(pod: Object) -> Object:
    statuses: list[Object] = pod["status"].get("containerStatuses") or []
    return statuses[0]["state"] if statuses else {}


def _last_end(pod: Object) -> Object | None:
    """The container's newest `terminated` state, of this run or of the one before."""
    statuses: list[Object] = pod["status"].get("containerStatuses") or []
    if not statuses:
        return None
    return statuses[0]["state"].get("terminated") or statuses[0]["lastState"].get("terminated")


_ROLES = ("chief", "master", "worker", "ps", "evaluator")


def _by_role(item: tuple[str, Replica]) -> tuple[int, str, int]:
    _, role, index = item[0].rsplit("-", 2)
    return (_ROLES.index(role) if role in _ROLES else len(_ROLES), role, int(index))
