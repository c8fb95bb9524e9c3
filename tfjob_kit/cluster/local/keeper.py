"""The keeper of a job: a detached process that owns its replicas until they are done.

`python -m tfjob_kit.cluster.local.keeper <job directory> <lock> <ready>` with the descriptor that holds the
keeper's lock and the one on which the launcher waits. One thread, one selector: output and ends of
replicas, a FIFO that others write to when they have changed the job, timers. Every look at the job is one
`rules.reconcile`; the keeper carries out what it says.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import admission, caretaker
from tfjob_kit.cluster.local.processes import guard, process_tree
from tfjob_kit.cluster.local.processes.crew import Crew, Facts
from tfjob_kit.cluster.local.store import clock
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Object
from tfjob_kit.errors import ClusterError, JobNotFound

__all__ = ["Keeper", "main"]

_RETRY_SECONDS = 1.0
_LONGEST_WAIT = 5.0
"""Seconds until it looks whether its directory is still there: what was removed by hand wakes nobody."""


class Keeper:
    """The loop over one job."""

    def __init__(self, job: JobDir, *, environ: Mapping[str, str]) -> None:
        facts = job.read_machine()
        state = Path(facts["state"])
        self._job = job
        self._uid: str = job.read_job()["metadata"]["uid"]
        self._selector = selectors.DefaultSelector()
        self._crew = Crew(
            job=job,
            state=state,
            facts=Facts(gpus=facts["gpus"], directory=Path(facts["directory"]), environ=environ),
            selector=self._selector,
        )
        self._wake = os.open(job.wake_file, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._guard, self._guard_fd = self._start_guard()
        self._wake_at: datetime | None = None
        self._retry_at: float | None = None
        self._replicas = 0
        self._is_leaving = False
        self._has_news = True
        self._are_pods_stale = False

    def run(self) -> None:
        """Keeps the job until it is finished and nothing runs, or until it is deleted."""
        signal.signal(signal.SIGTERM, self._leave)
        while not self._look():
            events = self._selector.select(self._timeout())
            self._hear({key.fd for key, _ in events})
        with contextlib.suppress(ClusterError):
            self._crew.leases.give_back()
        self._guard.dismiss()

    def _look(self) -> bool:
        """One look at everything; True when there is nothing left to keep."""
        changed = self._crew.turn(self._guard)
        due = changed or self._has_news or self._timeout() == 0.0
        if not due and not self._is_removed():
            # Output alone: nothing about the job is another than before.
            return False
        self._has_news = False
        self._are_pods_stale |= changed
        try:
            return self._reconcile()
        except ClusterError as error:
            # A full disk passes: what could not be written is tried again.
            with contextlib.suppress(OSError):
                os.write(sys.stderr.fileno(), f"{error.message}\n".encode())
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            return False

    def _reconcile(self) -> bool:
        self._retry_at = None
        job = self._read_own_job()
        if job is None or self._is_leaving:
            return self._end_all()
        if "deletionTimestamp" in job["metadata"]:
            return self._end_deleted()
        if self._are_pods_stale:
            self._write_pods()
        while self._step(job):
            job = self._job.read_job()
        return caretaker.is_over(job) and self._crew.is_idle and not self._ending()

    def _is_removed(self) -> bool:
        """Whether the directory was removed under it: its FIFO has no name any more."""
        return os.fstat(self._wake).st_nlink == 0

    def _read_own_job(self) -> Object | None:
        """None when the directory was removed, even if another job of that name lies there now."""
        try:
            job = self._job.read_job()
        except JobNotFound:
            return None
        return job if job["metadata"]["uid"] == self._uid else None

    def _step(self, job: Object) -> bool:
        """One reconcile and what it asks for; True when that calls for another."""
        pods = self._crew.pods()
        outcome = rules.reconcile(job, pods=pods, now=clock.now())
        self._wake_at = outcome.wake_at
        stored = self._job.update_job(lambda now: {**now, "status": outcome.status})
        for action in outcome.actions:
            self._carry_out(action, stored)
        self._replicas = sum(int(role["replicas"]) for role in admission.roles_of(job).values())
        started = self._crew.start_waiting(replicas=self._replicas)
        turned = self._crew.turn(self._guard)
        now = self._crew.pods()
        self._are_pods_stale |= started or turned or now != pods
        if self._are_pods_stale:
            self._write_pods()
        return turned or now != pods or stored["status"] != job.get("status")

    def _carry_out(self, action: rules.Action, job: Object) -> None:
        if isinstance(action, rules.CreatePod):
            self._crew.add(self._build_pod(action, job))
        elif isinstance(action, rules.DeletePod):
            self._crew.delete(action.name)
        elif isinstance(action, rules.Emit):
            self._job.add_event(action, about=job, source="tfjob-controller")
        else:
            # Its time to live is over while replicas still run: it goes as if it were deleted.
            self._job.update_job(_deleted)
            self._job.wake()

    def _build_pod(self, action: rules.CreatePod, job: Object) -> Object:
        name = job["metadata"]["name"]
        sizes = {role.lower(): int(spec["replicas"]) for role, spec in admission.roles_of(job).items()}
        names = [f"{name}-{role}-{index}" for role, size in sizes.items() for index in range(size)]
        ports = self._crew.addresses(names)
        return rules.build_pod(
            job,
            role=action.role,
            index=action.index,
            uid=str(uuid.uuid4()),
            now=clock.now(),
            address_of=lambda role, index: f"127.0.0.1:{ports[f'{name}-{role}-{index}']}",
        )

    def _end_deleted(self) -> bool:
        if not self._end_all():
            return False
        caretaker.remove(self._job)
        return True

    def _end_all(self) -> bool:
        """Ends every pod; True once none is left."""
        for name in list(self._crew.replicas):
            self._crew.delete(name)
        self._crew.turn(self._guard)
        with contextlib.suppress(ClusterError):
            self._write_pods()
        return not self._crew.replicas

    def _ending(self) -> bool:
        return any("deletionTimestamp" in pod["metadata"] for pod in self._crew.pods())

    def _write_pods(self) -> None:
        if self._read_own_job() is not None:
            self._job.write_pods(self._crew.pods(), departed=self._crew.departed())
            self._are_pods_stale = False

    def _timeout(self) -> float:
        moment = time.monotonic()
        due = [d - moment for d in (self._crew.next_wake(), self._retry_at) if d is not None]
        if self._wake_at is not None:
            due.append((self._wake_at - clock.now()).total_seconds())
        return max(0.0, min([*due, _LONGEST_WAIT]))

    def _hear(self, descriptors: set[int]) -> None:
        if self._wake in descriptors:
            self._has_news = True
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 1 << 16)
        if self._guard_fd in descriptors:
            self._selector.unregister(self._guard_fd)
            os.close(self._guard_fd)
            os.close(self._guard.pipe)
            self._guard, self._guard_fd = self._start_guard()
        process_tree.reap_strays(keep=self._crew.shim_pids())

    def _start_guard(self) -> tuple[guard.Guard, int]:
        started = guard.start_guard(self._uid)
        for session in self._crew.sessions():
            started.learn(session)
        descriptor = os.pidfd_open(started.pid)
        self._selector.register(descriptor, selectors.EVENT_READ)
        return started, descriptor

    def _leave(self, signum: int, frame: object) -> None:
        # The machine shuts down: replicas get their grace period; a reader then finds the job lost.
        self._is_leaving = True
        os.write(self._wake, b"!")


def _deleted(job: Object) -> Object:
    moment = clock.to_text(clock.now())
    return {**job, "metadata": {**job["metadata"], "deletionTimestamp": moment}}


def main(argv: list[str]) -> int:
    """Detaches, takes over the lock, reports ready and keeps the job."""
    path, lock, ready = Path(argv[0]), int(argv[1]), int(argv[2])
    if os.fork() > 0:
        os._exit(0)
    for descriptor in (lock, ready):
        os.set_inheritable(descriptor, False)
    process_tree.become_subreaper()
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    keeper = Keeper(JobDir(path=path), environ=os.environ)
    os.write(ready, b"!")
    os.close(ready)
    keeper.run()
    # Who deletes the job while the lock is still held leaves it to us: so look once more without it.
    os.close(lock)
    caretaker.look_after(JobDir(path=path))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
