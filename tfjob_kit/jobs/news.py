"""What has not been told yet of a job that is looked at again and again.

Owns telling each thing once: states, replicas, warnings, and why replicas wait, again only when that changes.
Must not know where the views come from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from tfjob_kit.jobs.events import Event, Notice, ReplicaChanged, StateChanged
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.view import EventView, JobView
from tfjob_kit.jobs.waits import Wait, find_waits, is_untouched

__all__ = ["News"]

_ENDED = {"Succeeded", "Failed", "Restarting"}
_TOLD_OTHERWISE = {
    *("FailedScheduling", "Unschedulable", "SchedulingGated", "FailedCreatePod"),
    *("Failed", "BackOff", "ErrImagePull", "ImagePullBackOff", "FailedMount", "FailedAttachVolume"),
    *("FailedCreatePodSandBox", "CreateContainerConfigError", "CrashLoopBackOff"),
    *("TFJobRestarting", "TFJobFailed", "OOMKilled", "Error", "ContainersNotReady", "KeeperLost"),
    "FailedToCreateEndpoint",
}
"""Warnings that repeat what the waits, ReplicaChanged, StateChanged or Finished say; the last is harmless."""
_WORTH_TELLING = {
    *("NoGPUs", "ClaimIsDirectory", "NotEnforced", "MountsAreDirectories", "MemoryIsDisk", "SizeNotLimited"),
    *("NotReadOnly", "FromThisShell", "NoDevices", "NotPlaced"),
    *("NoSidecars", "NoQueue", "NoGang", "SizesOfRoles"),
}
"""Normal events of the local engine about what it does otherwise than a cluster."""
_INCOMPLETE = 4
"""Times as long a reason must settle while other replicas wait for none that is known yet."""
_MOST_TEXTS = 1000
_MOST_KEPT_BACK = 20
_NO_PODS = (
    "the training-operator has made no pods for {name} yet; with Volcano it waits until the job's PodGroup "
    "is admitted: `kubectl get podgroup {name}`"
)


class News:
    """What was told before.

    Args:
        clock: Seconds of any steady clock.
        settle_seconds: A reason to wait is told when it has been the same for so long.
        silence_seconds: A job that nobody has taken up is a matter for a notice after this time.
        taker: Who takes jobs up: `the training-operator`.
    """

    def __init__(
        self, *, clock: Callable[[], float], settle_seconds: float, silence_seconds: float, taker: str
    ) -> None:
        self._clock = clock
        self._settle = settle_seconds
        self._silence = silence_seconds
        self._taker = taker
        self._began = clock()
        self._told: dict[str, ReplicaView] = {}
        self._kept_back: dict[str, list[ReplicaView]] = {}
        self._told_state: tuple[str, str | None] | None = None
        self._told_texts: dict[str, None] = {}
        self._view: JobView | None = None
        self._waits: tuple[str, ...] = ()
        self._waits_since = self._began
        self._patience = settle_seconds
        self._told_waits: tuple[str, ...] = ()
        self._plight: str | None = None

    def of(self, view: JobView, *, reading: Collection[str]) -> Iterator[Event]:
        """What is different from what was told before: replicas, warnings, state.

        Args:
            view: The job now.
            reading: Container runs whose lines are still being read; their end is told after the last line.
        """
        for replica in view.replicas:
            self._keep_back(replica)
            yield from self._replica(replica.name, reading)
        for event in view.events:
            yield from self._event(event)
        state = (view.state, view.reason)
        if state != self._told_state:
            self._told_state = state
            yield StateChanged(state=state[0], reason=state[1], message=view.message)

    def of_waiting(self, view: JobView) -> Iterator[Notice]:
        """Why replicas wait, once that has settled; whether anybody has taken the job up at all."""
        now = self._clock()
        if view is not self._view:
            self._view, self._plight = view, self._neglect(view)
            found = find_waits(view)
            waits = tuple(wait.sentence for wait in found)
            if waits != self._waits:
                self._waits, self._waits_since = waits, now
            self._patience = self._settle * (1 if _is_complete(view, found) else _INCOMPLETE)
        if self._waits != self._told_waits and now - self._waits_since >= self._patience:
            fresh = [text for text in self._waits if text not in self._told_waits]
            self._told_waits = self._waits
            yield from (Notice(text=text) for text in fresh)
        if self._plight is not None and now - self._began >= self._silence:
            yield from self.once(Notice(text=self._plight, level="warning"))

    def once(self, notice: Notice) -> Iterator[Notice]:
        """The notice, unless the same was told before."""
        if notice.text not in self._told_texts:
            self._told_texts[notice.text] = None
            while len(self._told_texts) > _MOST_TEXTS:
                del self._told_texts[next(iter(self._told_texts))]
            yield notice

    def _neglect(self, view: JobView) -> str | None:
        name = view.ref.name
        if is_untouched(view):
            look = "`kubectl get pods -A -l control-plane=kubeflow-training-operator`"
            is_operator = "operator" in self._taker
            how = f"is it running? {look}" if is_operator else "is it running?"
            return f"{self._taker} has not taken up {name} within {self._silence:g} s: {how}"
        if view.state == "Created" and not any(r.has_pod for r in view.replicas) and not find_waits(view):
            return _NO_PODS.format(name=name)
        return None

    def _keep_back(self, replica: ReplicaView) -> None:
        """What is new of a replica, behind what is kept back of it."""
        kept = self._kept_back.setdefault(replica.name, [])
        newest = kept[-1] if kept else self._told.get(replica.name)
        if replica.has_pod and _essence(replica) != _essence(newest):
            kept.append(replica)
            del kept[:-_MOST_KEPT_BACK]

    def _replica(self, name: str, reading: Collection[str]) -> Iterator[ReplicaChanged]:
        kept = self._kept_back[name]
        while kept and not (kept[0].state in _ENDED and kept[0].run in reading):
            replica = self._told[name] = kept.pop(0)
            yield ReplicaChanged(
                replica=name,
                state=replica.state,
                restarts=replica.restarts,
                exit_code=_told_exit_code(replica),
                reason=replica.reason,
            )

    def _event(self, event: EventView) -> Iterator[Notice]:
        is_warning = event.type == "Warning" and event.reason not in _TOLD_OTHERWISE
        if is_warning:
            yield from self.once(Notice(text=f"{event.about}: {event.message}", level="warning"))
        elif event.reason in _WORTH_TELLING:
            yield from self.once(Notice(text=event.message))


def _is_complete(view: JobView, waits: Collection[Wait]) -> bool:
    """Whether of each replica that waits it is known why: pods are made, and judged, one after the other."""
    known = {name for wait in waits for name in wait.replicas or [r.name for r in view.replicas]}
    return all(r.name in known for r in view.replicas if r.is_waiting or r.state == "Missing")


def _told_exit_code(replica: ReplicaView) -> int | None:
    """The code of the run that has ended: the newest, or the one before while the next is to come."""
    end = replica.end or (replica.last_end if replica.state == "Restarting" else None)
    return end.exit_code if end else None


def _essence(replica: ReplicaView | None) -> tuple[object, ...]:
    if replica is None:
        return ()
    return (replica.state, replica.restarts, replica.exit_code, replica.reason)
