"""Watching jobs: what the files say now against what was told last.

Looking is a few `stat` calls per job, ten times a second; a file is read only when it has been replaced.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tfjob_kit.cluster.local import caretaker
from tfjob_kit.cluster.local.store import files, state_dir
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Change, JobRef, Object
from tfjob_kit.errors import ClusterError, JobNotFound

__all__ = ["watch"]

_POLL_SECONDS = 0.1
_Kind = Literal["TFJob", "Pod", "Event"]


@dataclass
class _Seen:
    """One job as it was told: objects by kind and uid, and the files they were read from."""

    signatures: tuple[object, ...] = ()
    objects: dict[tuple[_Kind, str], Object] = field(default_factory=dict[tuple[_Kind, str], Object])


def watch(state: Path, *, namespace: str, name: str | None, stop: threading.Event | None) -> Iterator[Change]:
    """What is there, a bookmark, then each change until `stop`."""
    seen: dict[JobDir, _Seen] = {}
    yield from _look(state, namespace, name, seen)
    yield Change(type="BOOKMARK", kind="", object={})
    while stop is None or not stop.is_set():
        changes = list(_look(state, namespace, name, seen))
        yield from changes
        if stop is None:
            time.sleep(_POLL_SECONDS)
        else:
            stop.wait(_POLL_SECONDS)


def _look(state: Path, namespace: str, name: str | None, seen: dict[JobDir, _Seen]) -> Iterator[Change]:
    there = _jobs(state, namespace, name)
    for job in [*there, *(set(seen) - set(there))]:
        caretaker_error = _care(job)
        known = seen.setdefault(job, _Seen())
        signatures = _signatures(job)
        if signatures == known.signatures or caretaker_error:
            continue
        known.signatures = signatures
        now = _read(job)
        if now is not None:
            yield from _differences(_as_last_seen(job, known.objects, now), now)
            known.objects = now
        if signatures == _GONE:
            del seen[job]


def _jobs(state: Path, namespace: str, name: str | None) -> list[JobDir]:
    if name is None:
        return state_dir.job_dirs(state, namespace=namespace)
    job = state_dir.job_dir(state, JobRef(namespace=namespace, name=name))
    return [job] if job.path.is_dir() else []


def _care(job: JobDir) -> bool:
    """Whether the job's files cannot be used."""
    try:
        caretaker.look_after(job)
    except ClusterError:
        return True
    return False


_GONE = (None, None, None)


def _signatures(job: JobDir) -> tuple[object, ...]:
    return tuple(files.signature(path) for path in (job.job_file, job.pods_file, job.events_file))


def _read(job: JobDir) -> dict[tuple[_Kind, str], Object] | None:
    """All objects of the job; None when they cannot be read now."""
    try:
        stored = job.read_job()
    except JobNotFound:
        return {}
    except ClusterError:
        return None
    gone = "deletionTimestamp" in stored["metadata"]
    objects: dict[tuple[_Kind, str], Object] = {}
    if not gone:
        objects["TFJob", stored["metadata"]["uid"]] = stored
    # Read after the job: what they say is at least as new as its status.
    objects.update({("Pod", pod["metadata"]["uid"]): pod for pod in job.read_pods()})
    objects.update({("Event", event["metadata"]["uid"]): event for event in job.read_events()})
    return objects


def _as_last_seen(
    job: JobDir, old: dict[tuple[_Kind, str], Object], new: dict[tuple[_Kind, str], Object]
) -> dict[tuple[_Kind, str], Object]:
    """What was told last, with pods that are gone as they were when they ended."""
    if not any(kind == "Pod" and (kind, uid) not in new for kind, uid in old):
        return old
    ended: dict[tuple[_Kind, str], Object] = {("Pod", p["metadata"]["uid"]): p for p in job.read_departed()}
    return {key: ended.get(key, thing) if key not in new else thing for key, thing in old.items()}


def _differences(
    old: dict[tuple[_Kind, str], Object], new: dict[tuple[_Kind, str], Object]
) -> Iterator[Change]:
    """Deletions first, then pods and events before the job: who sees a finished job has seen why."""
    for kind, uid in old:
        if (kind, uid) not in new and kind != "Event":
            yield Change(type="DELETED", kind=kind, object=old[kind, uid])
    for (kind, uid), thing in sorted(new.items(), key=lambda item: item[0][0] == "TFJob" and bool(old)):
        if (kind, uid) not in old:
            yield Change(type="ADDED", kind=kind, object=thing)
        elif old[kind, uid] != thing:
            yield Change(type="MODIFIED", kind=kind, object=thing)
