"""LocalCluster: the port's verbs over the files of a state directory.

Owns admission (what this machine cannot run is refused before anything is written) and the verbs. The
running itself is the keeper's; see `keeper`.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import admission, caretaker, config_maps, gpus, launch, places, submission
from tfjob_kit.cluster.local import watch as watching
from tfjob_kit.cluster.local.names import DEFAULT_NAMESPACE
from tfjob_kit.cluster.local.store import clock, files, inheritance, logs, state_dir
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Capacity, Change, JobRef, LogEntry, Object, PodRef, QueuePlace
from tfjob_kit.errors import ClusterError, JobExists, JobNotFound

__all__ = ["LocalCluster", "connect"]

_log = logging.getLogger(__name__)


def connect(
    *,
    state_dir: Path | None = None,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    find_gpus: gpus.GpuFinder = gpus.find_gpus,
    has_tensorflow: Callable[[], bool] = lambda: importlib.util.find_spec("tensorflow") is not None,
) -> LocalCluster:
    """The engine of this machine.

    Args:
        state_dir: Where jobs lie; default as `find_state_dir` says.
        cwd: Directory in which replicas run; default the current one.
        environ: Environment of replicas; default this process's.
        find_gpus: Finds the GPUs of this machine.
        has_tensorflow: Whether the shipped runtime can run here.

    Raises:
        NotConnected: The state directory cannot be used.
    """
    variables = dict(os.environ if environ is None else environ)
    return LocalCluster(
        state=open_state_dir(state_dir or find_state_dir(variables)),
        cwd=(cwd or Path.cwd()).absolute(),
        environ=variables,
        machine=admission.Machine(find_gpus=find_gpus, has_tensorflow=has_tensorflow),
    )


open_state_dir, find_state_dir = state_dir.open_state_dir, state_dir.find_state_dir


class LocalCluster:
    """Runs TFJobs as processes of this machine; see port.Cluster for the verbs."""

    name = "local"
    default_namespace = DEFAULT_NAMESPACE
    keeps_scratch = True

    def __init__(
        self, *, state: Path, cwd: Path, environ: Mapping[str, str], machine: admission.Machine
    ) -> None:
        self.description = f"processes on this machine, state in {state}"
        self._state = state
        self._cwd = cwd
        self._environ = environ
        self._machine = machine

    def create(self, job: Object, *, companions: Sequence[Object] = (), dry_run: bool = False) -> Object:
        """Checks the job, writes it down and starts its keeper."""
        stored = submission.as_stored(job, default_namespace=self.default_namespace)
        admitted = admission.admit(stored, machine=self._machine, environ=self._environ)
        templates = [role["template"] for role in admission.roles_of(stored).values()]
        config_maps.check_config_maps(templates, companions)
        directory = self._dir(
            JobRef(namespace=stored["metadata"]["namespace"], name=stored["metadata"]["name"])
        )
        same = self._find_same(directory, stored)
        if same is not None or dry_run:
            return same or stored
        facts = {"gpus": admitted.gpus, "directory": str(self._cwd), "state": str(self._state)}
        owned = [rules.companions.own(companion, job=stored) for companion in companions]
        self._write_and_start(directory, stored, owned, facts=facts, notices=admitted.notices)
        return stored

    def get(self, ref: JobRef) -> Object:
        """The TFJob as its file has it."""
        directory = self._dir(ref)
        caretaker.look_after(directory)
        return _undeleted(directory)

    def list(self, *, namespace: str | None = None, selector: str | None = None) -> list[Object]:
        """TFJobs, oldest first; a job whose file is damaged is left out with a logged warning."""
        found: list[tuple[int, Object]] = []
        for directory in state_dir.job_dirs(self._state, namespace=namespace):
            try:
                caretaker.look_after(directory)
                found.append((directory.created_ns(), _undeleted(directory)))
            except JobNotFound:
                continue
            except ClusterError as error:
                _log.warning("%s", error.message)
        terms = rules.parse_selector(selector)
        ordered = [job for _, job in sorted(found, key=lambda pair: (pair[0], pair[1]["metadata"]["name"]))]
        return [job for job in ordered if rules.matches(job, terms)]

    def patch(self, ref: JobRef, patch: Object) -> Object:
        """Merges the patch under the job's lock and wakes the keeper, or starts one that had left."""
        directory = self._dir(ref)
        caretaker.look_after(directory)

        def change(job: Object) -> Object:
            if "deletionTimestamp" in job["metadata"]:
                raise directory.not_found()
            new = submission.patched(job, patch)
            rules.validate(new, old=job)
            # The machine is asked for new replicas alone: a job can always be suspended.
            if new["spec"]["tfReplicaSpecs"] != job["spec"]["tfReplicaSpecs"]:
                admission.admit(new, machine=self._machine, environ=self._environ)
            elif not caretaker.is_over(new) and not caretaker.has_keeper(directory):
                # Another keeper will start what is not suspended, with the variables of this shell.
                admission.check_variables(new, environ=self._environ)
            return new

        stored = directory.update_job(change)
        directory.wake()
        if not caretaker.is_over(stored):
            self._start_if_left(directory)
        return stored

    def delete(self, ref: JobRef) -> None:
        """Marks the job as deleted; its keeper ends the replicas and removes the directory."""
        directory = self._dir(ref)
        caretaker.look_after(directory)

        def change(job: Object) -> Object:
            if "deletionTimestamp" in job["metadata"]:
                raise directory.not_found()
            return {**job, "metadata": {**job["metadata"], "deletionTimestamp": clock.to_text(clock.now())}}

        directory.update_job(change)
        directory.wake()
        caretaker.look_after(directory)

    def pods(self, ref: JobRef) -> list[Object]:
        """The pods as the keeper last wrote them, also while a deleted job's replicas are ending."""
        directory = self._dir(ref)
        caretaker.look_after(directory)
        return directory.read_pods()

    def events(self, ref: JobRef) -> list[Object]:
        """The job's events."""
        directory = self._dir(ref)
        caretaker.look_after(directory)
        return directory.read_events()

    def watch(
        self, *, namespace: str, name: str | None = None, stop: threading.Event | None = None
    ) -> Iterator[Change]:
        """Changes within about a tenth of a second."""
        return watching.watch(self._state, namespace=namespace, name=name, stop=stop)

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
        """Lines of the newest run, or of the one before it, recreated pods included."""
        directory = self._dir(pod.job)
        folder = directory.logs(pod.name)
        known = logs.runs(folder)
        wanted = known[-2:-1] if previous else known[-1:]
        if not wanted:
            directory.read_job()
            what = "has no earlier run" if previous else "has not started"
            raise ClusterError(f"container `tensorflow` of pod `{pod.name}` {what}", status=400)
        return logs.read_log(
            logs.run_file(folder, wanted[0]),
            tail=tail,
            since=since,
            follow=follow and not previous,
            stop=stop,
            is_over=lambda: not caretaker.has_keeper(directory),
        )

    def companions(self, ref: JobRef) -> list[Object]:
        """As they were written with the job."""
        directory = self._dir(ref)
        caretaker.look_after(directory)
        _undeleted(directory)
        return config_maps.read_companions(directory)

    def put_companion(self, ref: JobRef, companion: Object) -> None:
        """Writes it down; ConfigMaps are fixed when the job is made."""
        directory = self._dir(ref)
        caretaker.look_after(directory)
        config_maps.put_companion(directory, rules.companions.own(companion, job=_undeleted(directory)))

    def capacity(self, *, namespace: str) -> Capacity:
        """Unknown: admission itself counts this machine's GPUs."""
        return Capacity(nodes=None, pods=None, quotas=None)

    def is_ending(self, namespace: str) -> bool:
        """Namespaces are names here: none of them ends."""
        return False

    def queue_place(self, ref: JobRef, *, uid: str, queue: str) -> QueuePlace | None:
        """There are no queues here."""
        return None

    def places(self, ref: JobRef) -> dict[str, str]:
        """Directories of the logs and of the chief's output."""
        directory = self._dir(ref)
        return places.places(directory, directory.read_job(), state=self._state)

    def _dir(self, ref: JobRef) -> JobDir:
        return state_dir.job_dir(self._state, ref)

    def _find_same(self, directory: JobDir, stored: Object) -> Object | None:
        """This very submission if it is there; waits for a job of that name that is being deleted.

        Raises:
            JobExists: Another job of that name is there.
        """
        deadline: float | None = None
        while directory.path.exists():
            caretaker.look_after(directory)
            try:
                old = directory.read_job()
            except JobNotFound:
                continue
            deadline = deadline or time.monotonic() + admission.longest_grace(old) + 15
            if "deletionTimestamp" not in old["metadata"] or time.monotonic() > deadline:
                if rules.companions.is_same_submission(old, stored):
                    return old
                raise _exists(directory, old)
            time.sleep(0.05)
        return None

    def _write_and_start(
        self,
        directory: JobDir,
        stored: Object,
        companions: Sequence[Object],
        *,
        facts: Object,
        notices: dict[str, str],
    ) -> None:
        caretaker.sweep_unborn(directory.path.parent)
        unborn = JobDir(path=directory.path.parent / f".new-{directory.path.name}-{uuid.uuid4().hex[:8]}")
        lock = submission.write_job(unborn, stored, facts=facts, notices=notices)
        try:
            try:
                templates = [role["template"] for role in admission.roles_of(stored).values()]
                config_maps.write_companions(unborn, companions, templates=templates)
                inheritance.inherit_scratch(unborn, stored, siblings=directory.path.parent)
            except ClusterError:
                caretaker.remove(unborn)
                raise
            try:
                os.rename(unborn.path, directory.path)
            except OSError as error:
                caretaker.remove(unborn)
                raise _exists(directory) from error
            try:
                launch.start_keeper(directory, lock=lock, environ=self._environ, directory=self._cwd)
            except ClusterError:
                caretaker.remove(directory)
                raise
        finally:
            os.close(lock)

    def _start_if_left(self, directory: JobDir) -> None:
        """A suspended job may have lost its keeper (the machine was restarted): it goes on with another."""
        lock = _patient_lock(directory)
        if lock is None:
            return
        try:
            if directory.path.exists() and not caretaker.is_over(directory.read_job()):
                launch.start_keeper(directory, lock=lock, environ=self._environ, directory=self._cwd)
        finally:
            os.close(lock)


def _patient_lock(directory: JobDir) -> int | None:
    """The keeper's lock unless a keeper holds it: a reader that only asks lets it go in a moment."""
    for pause in (0.005, 0.01, 0.02, 0.0):
        try:
            lock = files.try_lock(directory.keeper_lock)
        except FileNotFoundError:
            return None
        if lock is not None:
            return lock
        time.sleep(pause)
    return None


def _undeleted(directory: JobDir) -> Object:
    job = directory.read_job()
    if "deletionTimestamp" in job["metadata"]:
        raise directory.not_found()
    return job


def _exists(directory: JobDir, existing: Object | None = None) -> JobExists:
    ref = directory.ref
    return JobExists(
        f"job `{ref.name}` exists already in namespace `{ref.namespace}`",
        status=409,
        existing=existing,
        hint=f"choose another --name, or remove it with `tfjob-kit cancel {ref.name}`",
    )
