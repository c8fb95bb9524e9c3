"""A job on its way into the store: as a client sent it, as it is stored, as a patch leaves it.

Owns what an API server fills in and what clients may not change, and the files of a job before anyone can
see them. Must not know whether this machine can run it (`admission`) nor start it (`launch`).
"""

from __future__ import annotations

import json
import os
import uuid

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.local import caretaker
from tfjob_kit.cluster.local.store import clock, files
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Object
from tfjob_kit.errors import ClusterError

__all__ = ["as_stored", "patched", "write_job"]

_SYSTEM_FIELDS = ("uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")


def write_job(job: JobDir, stored: Object, *, facts: Object, notices: dict[str, str]) -> int:
    """Writes a job's files and returns the descriptor that holds its keeper's lock."""
    try:
        job.path.mkdir(parents=True, mode=0o700)
        os.mkfifo(job.wake_file, 0o600)
        job.keeper_lock.touch(0o600)
    except OSError as error:
        raise ClusterError(f"cannot write `{job.path}`: {error.strerror}", where=str(job.path)) from error
    try:
        for reason, message in notices.items():
            job.add_event(rules.Emit(type="Normal", reason=reason, message=message), about=stored)
        files.write_json(job.machine_file, facts)
        files.write_json(job.job_file, stored)
        lock = files.try_lock(job.keeper_lock)
        assert lock is not None
    except BaseException:
        caretaker.remove(job)
        raise
    return lock


def as_stored(job: Object, *, default_namespace: str) -> Object:
    """The job with what an API server fills in, and without what clients have no say in."""
    stored: Object = json.loads(json.dumps(job))
    given: Object = stored.get("metadata") or {}
    meta = {name: value for name, value in given.items() if name not in _SYSTEM_FIELDS}
    stored["metadata"] = {
        **meta,
        "namespace": meta.get("namespace") or default_namespace,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": clock.to_text(clock.now()),
        "generation": 1,
        "resourceVersion": "1",
    }
    stored.pop("status", None)
    return stored


def patched(job: Object, patch: Object) -> Object:
    """The job after a merge patch; identity and status are not the client's to change."""
    new: Object = rules.merge_patch(job, patch)
    kept = {name: job["metadata"][name] for name in (*_SYSTEM_FIELDS[:-1], "name", "namespace")}
    new["metadata"] = {**new["metadata"], **kept}
    if new.get("spec") != job["spec"]:
        new["metadata"]["generation"] = int(job["metadata"]["generation"]) + 1
    new.pop("status", None)
    return {**new, "status": job["status"]} if "status" in job else new
