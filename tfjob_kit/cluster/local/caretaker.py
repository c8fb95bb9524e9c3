"""What any reader does for a job whose keeper is gone.

A job without a keeper is finished, suspended, or lost. The first reader that finds a lost one ends what
still runs and marks it Failed; the first that finds an expired or deleted one removes it. All of it is
done while holding the keeper's lock, so it is done once. Must not start anything.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import config_maps
from tfjob_kit.cluster.local.processes import process_tree
from tfjob_kit.cluster.local.store import clock, files
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules import kubelet
from tfjob_kit.cluster.rules.conditions import is_finished, set_condition
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import ClusterError, JobNotFound

__all__ = ["KEEPER_LOST", "has_keeper", "holding", "is_over", "look_after", "remove", "sweep_unborn"]

KEEPER_LOST = "KeeperLost"
_MESSAGE = "the process that kept this job's replicas is gone, and the replicas with it"
_UNBORN_SECONDS = 60


@contextlib.contextmanager
def holding(job: JobDir) -> Generator[bool]:
    """Holds the keeper's lock while it can be had; yields whether it was."""
    try:
        lock = files.try_lock(job.keeper_lock)
    except OSError:
        lock = None
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def has_keeper(job: JobDir) -> bool:
    """Whether a keeper lives (or a submission is about to start it)."""
    with holding(job) as free:
        return not free and job.keeper_lock.exists()


def look_after(job: JobDir) -> None:
    """Brings a job without a keeper to the state that it is really in; harmless on every other job."""
    with contextlib.suppress(JobNotFound):
        if _needs_care(job.read_job()):
            with holding(job) as free:
                if free:
                    _care(job)


def is_over(job: Object) -> bool:
    """Whether the TFJob is Succeeded or Failed."""
    return is_finished(part(job, "status"))


def remove(job: JobDir) -> None:
    """Ends what still runs and removes the directory: first by name, so that nobody sees half of it."""
    with contextlib.suppress(JobNotFound, ClusterError):
        uid = job.read_job()["metadata"]["uid"]
        process_tree.kill_all(lambda: process_tree.marked(uid))
    grave = job.path.parent / f".gone-{job.path.name}-{uuid.uuid4().hex[:8]}"
    with contextlib.suppress(FileNotFoundError):
        job.path.rename(grave)
    config_maps.make_removable(grave)
    shutil.rmtree(grave, ignore_errors=True)


def sweep_unborn(namespace: Path) -> None:
    """Removes what a submission or a removal that was killed has left half done."""
    for path in namespace.glob(".*"):
        with contextlib.suppress(OSError):
            old = time.time() - path.stat().st_mtime > _UNBORN_SECONDS
            if old and not has_keeper(JobDir(path=path)):
                config_maps.make_removable(path)
                shutil.rmtree(path, ignore_errors=True)


def _needs_care(job: Object) -> bool:
    if "deletionTimestamp" in job["metadata"]:
        return True
    return _is_expired(job) if is_over(job) else not _is_suspended(job)


def _care(job: JobDir) -> None:
    stored = job.read_job()
    if "deletionTimestamp" in stored["metadata"] or (is_over(stored) and _is_expired(stored)):
        remove(job)
    elif not is_over(stored) and not _is_suspended(stored):
        _mark_lost(job, stored)


def _mark_lost(job: JobDir, stored: Object) -> None:
    process_tree.kill_all(lambda: process_tree.marked(stored["metadata"]["uid"]))
    job.write_pods([_lost_pod(pod) for pod in job.read_pods()])
    job.add_event(rules.Emit(type="Warning", reason=KEEPER_LOST, message=_MESSAGE), about=stored)
    job.update_job(_failed)


def _failed(job: Object) -> Object:
    moment = clock.now()
    status: Object = {**job.get("status", {}), "completionTime": rules.format_time(moment)}
    set_condition(status, "Failed", reason=KEEPER_LOST, message=_MESSAGE, now=moment)
    return {**job, "status": status}


def _lost_pod(pod: Object) -> Object:
    if kubelet.is_finished(pod):
        return pod
    status: Object = {**pod.get("status", {}), "phase": "Failed", "reason": KEEPER_LOST, "message": _MESSAGE}
    terminated = {"exitCode": 137, "reason": "Error", "finishedAt": clock.to_text(clock.now())}
    containers: list[Object] = status.get("containerStatuses") or []
    if containers:
        state: Object = {"terminated": terminated}
        status["containerStatuses"] = [{**containers[0], "state": state, "ready": False}]
    return {**pod, "status": status}


def _is_suspended(job: Object) -> bool:
    return bool(part(job, "spec", "runPolicy").get("suspend"))


def _is_expired(job: Object) -> bool:
    seconds = part(job, "spec", "runPolicy").get("ttlSecondsAfterFinished")
    finished = _finished_at(part(job, "status"))
    if seconds is None or finished is None:
        return False
    return clock.now() >= clock.parse_time(finished) + timedelta(seconds=int(seconds))


def _finished_at(status: Object) -> str | None:
    # A job that failed by a permanent exit code has no completionTime.
    ends = [c for c in items(status, "conditions") if c["type"] in ("Succeeded", "Failed")]
    return status.get("completionTime") or next((c["lastTransitionTime"] for c in ends), None)
