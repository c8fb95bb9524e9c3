"""One job on disk: the files of its directory and who may write them.

    job.json        the TFJob; written under job.lock by whoever changes it, as an API server would
    pods.json       the pods, written by the keeper alone
    departed.json   pods that are gone as they were last, by name, written by the keeper alone
    events.json     events, written under events.lock by anyone
    machine.json    what the submission found here: GPUs, directory, written once
    keeper.lock     held by the keeper as long as it lives; holds its pid
    wake            a FIFO that wakes the keeper
    logs/<pod>/     <run>.log for each container run and runs.json, which says which is which
    volumes/<pod>/<volume>/, termination/<pod>

Must not know what the objects mean.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local.store import clock, files
from tfjob_kit.cluster.port import JobRef, Object
from tfjob_kit.errors import ClusterError, JobNotFound

__all__ = ["JobDir"]


@dataclass(frozen=True, kw_only=True, order=True)
class JobDir:
    """The directory of a job; every method may find it gone."""

    path: Path

    @property
    def ref(self) -> JobRef:
        """The job that lies here."""
        return JobRef(namespace=self.path.parent.name, name=self.path.name)

    @property
    def job_file(self) -> Path:
        """The TFJob."""
        return self.path / "job.json"

    @property
    def pods_file(self) -> Path:
        """The pods."""
        return self.path / "pods.json"

    @property
    def events_file(self) -> Path:
        """The events."""
        return self.path / "events.json"

    @property
    def machine_file(self) -> Path:
        """What the submission found on this machine."""
        return self.path / "machine.json"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper."""
        return self.path / "keeper.lock"

    @property
    def keeper_log(self) -> Path:
        """The keeper's own output: empty unless something went wrong in it."""
        return self.path / "keeper.log"

    @property
    def wake_file(self) -> Path:
        """The FIFO that the keeper listens to."""
        return self.path / "wake"

    def logs(self, pod: str) -> Path:
        """Directory of a pod's log files."""
        return self.path / "logs" / pod

    def termination_file(self, pod: str) -> Path:
        """Where a pod's container writes its termination message."""
        return self.path / "termination" / pod

    def read_job(self) -> Object:
        """The TFJob. Raises JobNotFound; ClusterError when the file is damaged."""
        try:
            return files.read_json(self.job_file)
        except FileNotFoundError as error:
            raise self.not_found() from error
        except ClusterError as error:
            error.hint = f"rm -r {self.path}"
            raise

    def update_job(self, change: Callable[[Object], Object]) -> Object:
        """Reads, changes and writes the TFJob while nobody else can; returns it as stored."""
        if not self.path.is_dir():
            raise self.not_found()
        with files.locked(self.path / "job.lock"):
            old = self.read_job()
            new = change(json.loads(json.dumps(old)))
            if new != old:
                version = int(old["metadata"].get("resourceVersion", "0")) + 1
                new["metadata"]["resourceVersion"] = str(version)
                files.write_json(self.job_file, new)
            return new

    def read_pods(self) -> list[Object]:
        """The pods as the keeper last wrote them."""
        try:
            return files.read_json(self.pods_file)
        except FileNotFoundError:
            return []

    def write_pods(self, pods: list[Object], *, departed: list[Object] | None = None) -> None:
        """Replaces the pods, and first those that are gone, so that who misses a pod finds how it ended."""
        if departed:
            files.write_json(self.path / "departed.json", departed)
        files.write_json(self.pods_file, pods)

    def read_departed(self) -> list[Object]:
        """Pods that are gone, as they were last: the newest of each name."""
        try:
            return files.read_json(self.path / "departed.json")
        except FileNotFoundError:
            return []

    def read_events(self) -> list[Object]:
        """The events, oldest first."""
        try:
            return files.read_json(self.events_file)
        except FileNotFoundError:
            return []

    def add_event(self, emit: rules.Emit, *, about: Object, source: str = "tfjob-kit-local") -> None:
        """Records an event; one that is repeated is counted."""
        with files.locked(self.path / "events.lock"):
            events = self.read_events()
            if rules.record_event(events, emit, about=about, now=clock.now(), source=source):
                files.write_json(self.events_file, events)

    def read_machine(self) -> dict[str, Any]:
        """What the submission found."""
        try:
            return files.read_json(self.machine_file)
        except FileNotFoundError as error:
            raise self.not_found() from error

    def created_ns(self) -> int:
        """When the job was submitted, finer than the API's seconds; 0 when it is gone."""
        stamp = files.signature(self.machine_file)
        return stamp[0] if stamp else 0

    def wake(self) -> None:
        """Wakes the keeper, if there is one."""
        with contextlib.suppress(OSError):
            handle = os.open(self.wake_file, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(handle, b"!")
            finally:
                os.close(handle)

    def not_found(self) -> JobNotFound:
        """The error that says that no such job is here."""
        return JobNotFound(
            f"no job `{self.ref.name}` in namespace `{self.ref.namespace}` on this machine",
            status=404,
            hint="`tfjob-kit list` shows the jobs there are",
        )
