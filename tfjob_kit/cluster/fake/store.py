"""What the fake API server holds: objects, the changes made to them, and containers' lines.

Owns copies, resource versions and the order of changes. Must not know the rules that move jobs. Not safe for
threads by itself: the cluster holds its lock around every use.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Literal, cast

from tfjob_kit.cluster import port
from tfjob_kit.cluster.port import Change, JobRef, LogEntry, Object, PodRef

__all__ = ["Run", "Store", "pod_ref"]

Kind = Literal["TFJob", "Pod", "Event"]


@dataclass
class Run:
    """One run of a container: its lines so far, and whether more may come."""

    lines: list[LogEntry] = field(default_factory=list[LogEntry])
    ended: bool = False


class Store:
    """Jobs, pods, companions, events, logs, and the list of all changes since the beginning."""

    def __init__(self) -> None:
        self.jobs: dict[JobRef, Object] = {}
        self.pods: dict[PodRef, Object] = {}
        self.events: dict[JobRef, list[Object]] = {}
        self.companions: dict[JobRef, list[Object]] = {}
        self.runs: dict[PodRef, list[Run]] = {}
        self.changes: list[tuple[JobRef, Change]] = []
        self._version = 0

    def put_job(self, ref: JobRef, job: Object) -> None:
        """Stores a new or changed job."""
        self._note("MODIFIED" if ref in self.jobs else "ADDED", ref, job)
        self.jobs[ref] = job

    def put_companions(self, ref: JobRef, companions: list[Object]) -> None:
        """Stores what a job owns beside its pods, by kind and name."""
        ordered = sorted(companions, key=lambda thing: (thing["kind"], thing["metadata"]["name"]))
        self.companions[ref] = copy.deepcopy(ordered)

    def put_pod(self, pod: PodRef, thing: Object) -> None:
        """Stores a new or changed pod."""
        self._note("MODIFIED" if pod in self.pods else "ADDED", pod.job, thing)
        self.pods[pod] = thing

    def note_event(self, ref: JobRef, event: Object) -> None:
        """Tells watchers of an event that has been recorded in `events`."""
        self._note("ADDED" if event["count"] == 1 else "MODIFIED", ref, event)

    def remove_pod(self, pod: PodRef) -> None:
        """Removes a pod; its lines are lost, its readers come to their end."""
        for run in self.runs.pop(pod, []):
            run.ended = True
        self._note("DELETED", pod.job, self.pods.pop(pod))

    def remove_job(self, ref: JobRef) -> None:
        """Removes a job, its pods and companions; events stay, as they do on an API server."""
        self.companions.pop(ref, None)
        self._note("DELETED", ref, self.jobs.pop(ref))
        for pod in self.pods_of(ref):
            self.remove_pod(pod)

    def pods_of(self, ref: JobRef) -> list[PodRef]:
        """The job's pods by role and index."""
        return sorted(pod for pod in self.pods if pod.job == ref)

    def snapshot(self, *, namespace: str, name: str | None) -> list[Change]:
        """Everything of the namespace, or of one job in it, as ADDED: jobs, pods, events."""
        things = [
            *(job for ref, job in self.jobs.items() if _within(ref, namespace, name)),
            *(pod for ref, pod in self.pods.items() if _within(ref.job, namespace, name)),
            *(e for ref, events in self.events.items() if _within(ref, namespace, name) for e in events),
        ]
        return [Change(type="ADDED", kind=_kind(thing), object=copy.deepcopy(thing)) for thing in things]

    def changes_since(self, seen: int, *, namespace: str, name: str | None) -> list[Change]:
        """What has changed since that many changes, oldest first."""
        return [change for ref, change in self.changes[seen:] if _within(ref, namespace, name)]

    def _note(self, kind: Literal["ADDED", "MODIFIED", "DELETED"], ref: JobRef, thing: Object) -> None:
        self._version += 1
        thing["metadata"]["resourceVersion"] = str(self._version)
        change = Change(type=kind, kind=_kind(thing), object=copy.deepcopy(thing))
        self.changes.append((ref, change))


def pod_ref(thing: Object, job: JobRef) -> PodRef:
    """Identity of a pod by its labels."""
    labels: dict[str, str] = thing["metadata"]["labels"]
    role, index = labels[port.REPLICA_TYPE_LABEL], int(labels[port.REPLICA_INDEX_LABEL])
    return PodRef(job=job, role=role, index=index)


def _kind(thing: Object) -> Kind:
    return cast("Kind", thing["kind"])


def _within(ref: JobRef, namespace: str, name: str | None) -> bool:
    return ref.namespace == namespace and name in (None, ref.name)
