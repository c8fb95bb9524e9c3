"""The wait for a job's pods to end: until then nothing may start in their place.

A job that is resumed while its old pods terminate is failed by the operator (training-operator v1.9.4), and a
second attempt beside living pods would write to the same checkpoints.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.replica_view import ReplicaView, items, part, replica_of

__all__ = ["LastWords", "longest_grace", "wait_until_ended", "wait_until_gone"]

_LEADERS = ("chief-0", "master-0", "worker-0")
_DEFAULT_GRACE = 30
_FINISHED = {"Succeeded", "Failed"}


@dataclass(frozen=True, kw_only=True)
class LastWords:
    """What the pods said when they ended.

    Attributes:
        saved_step: Step that the leader saved when it was asked to stop; None when it did not say.
    """

    saved_step: int | None


def wait_until_gone(
    cluster: port.Cluster,
    ref: port.JobRef,
    *,
    stop: threading.Event,
    begin: Callable[[], object] | None = None,
) -> LastWords | None:
    """Waits until the operator has suspended the job and none of its pods is left.

    Args:
        cluster: The engine.
        ref: The job.
        stop: Ends the wait from outside, e.g. when time is up.
        begin: Asks for the suspension; called when all pods are known, so that none ends unseen. None: it has
            been asked for.

    Returns:
        None when `stop` was set first.

    Raises:
        JobCancelled: It was deleted or resumed meanwhile.
    """
    watched, was_asked = _Pods(), begin is None
    for change in cluster.watch(namespace=ref.namespace, name=ref.name, stop=stop):
        watched.take(change, ref)
        if change.kind == "TFJob":
            was_asked = _is_still_asked(change, ref, was_asked=was_asked)
        if change.type == "BOOKMARK" and begin is not None:
            begin()
        # The watch of pods may lag behind that of jobs: the last word is a list.
        if was_asked and watched.is_suspended and watched.is_empty and not cluster.pods(ref):
            return LastWords(saved_step=watched.saved_step)
    return None


def wait_until_ended(cluster: port.Cluster, ref: port.JobRef, *, stop: threading.Event) -> bool:
    """Waits until no pod of a finished job runs any more; False when `stop` was set first."""
    watched = _Pods()
    for change in cluster.watch(namespace=ref.namespace, name=ref.name, stop=stop):
        watched.take(change, ref)
        if watched.have_ended and all(_has_ended(pod) for pod in cluster.pods(ref)):
            return True
    return False


def longest_grace(job: port.Object) -> int:
    """Seconds that the slowest replica may take to end."""
    specs = [part(role, "template", "spec") for role in part(job, "spec", "tfReplicaSpecs").values()]
    return max((int(s.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)) for s in specs), default=0)


class _Pods:
    """The pods as a watch tells them."""

    def __init__(self) -> None:
        self.is_suspended = False
        self.saved_step: int | None = None
        self._leader: str | None = None
        self._is_listed = False
        self._pods: dict[str, port.Object] = {}

    @property
    def is_empty(self) -> bool:
        """All has been listed, and no pod is there."""
        return self._is_listed and not self._pods

    @property
    def have_ended(self) -> bool:
        """All has been listed, and no pod runs."""
        return self._is_listed and all(_has_ended(pod) for pod in self._pods.values())

    def take(self, change: port.Change, ref: port.JobRef) -> None:
        if change.type == "BOOKMARK":
            self._is_listed = True
        elif change.kind == "TFJob":
            self.is_suspended = _is_suspended(change.object)
        elif change.kind == "Pod":
            self._listen(replica_of(change.object, ref))
            name = change.object["metadata"]["name"]
            self._pods[name] = change.object
            if change.type == "DELETED":
                del self._pods[name]

    def _listen(self, replica: ReplicaView) -> None:
        words = replica.end.termination if replica.end else None
        rank = _LEADERS.index(replica.name) if replica.name in _LEADERS else None
        if words is None or rank is None or words.status not in {"stopped", "succeeded"}:
            return
        if self._leader is None or rank <= _LEADERS.index(self._leader):
            self._leader, self.saved_step = replica.name, words.step


def _is_still_asked(change: port.Change, ref: port.JobRef, *, was_asked: bool) -> bool:
    """Whether the job is to be suspended; raises when it is not any more."""
    if change.type == "DELETED":
        raise errors.JobCancelled(f"{ref.name} was deleted meanwhile")
    is_asked = bool(part(change.object, "spec", "runPolicy").get("suspend"))
    if was_asked and not is_asked:
        raise errors.JobCancelled(f"{ref.name} was resumed meanwhile")
    return is_asked


def _is_suspended(job: port.Object) -> bool:
    conditions = items(part(job, "status"), "conditions")
    return any(c["type"] == "Suspended" and c["status"] == "True" for c in conditions)


def _has_ended(pod: port.Object) -> bool:
    return part(pod, "status").get("phase") in _FINISHED
