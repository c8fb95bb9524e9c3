"""Asking where a followed job stands in its queue, now and then, while it stands there.

Owns the pauses: the first questions come soon after each other, since Kueue needs a moment to take a job up,
the later ones at a calm pace. One question at a time, in a thread of its own: a server that is slow to tell
keeps no line and no change waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tfjob_kit.cluster import port
from tfjob_kit.jobs.view import JobView

__all__ = ["Placed", "QueueDesk"]

_FIRST_PAUSE = 1.0


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The answer; None: nothing is known."""

    place: port.QueuePlace | None


class QueueDesk:
    """The questions about one job.

    Attributes:
        is_asking: A question is on its way.

    Args:
        cluster: The engine.
        put: Takes the answers.
        fail: Takes a fault of ours.
        clock: Seconds of a steady clock.
        longest_pause: Seconds between two questions, once the first few have been answered.
    """

    def __init__(
        self,
        cluster: port.Cluster,
        *,
        put: Callable[[Placed], None],
        fail: Callable[[Exception], None],
        clock: Callable[[], float],
        longest_pause: float,
    ) -> None:
        self._cluster = cluster
        self._put = put
        self._fail = fail
        self._clock = clock
        self._longest = longest_pause
        self.is_asking = False
        self._reset()

    def attend(self, view: JobView) -> None:
        """Asks, when it is time to."""
        if not view.is_queued:
            return self._reset()
        if self.is_asking or self._clock() < self._due:
            return
        self.is_asking = True
        threading.Thread(target=self._ask, args=(view,), name="queue", daemon=True).start()

    def note_answer(self) -> None:
        """The answer has arrived: the next question comes after a pause."""
        self.is_asking = False
        self._due = self._clock() + self._pause
        self._pause = min(2 * self._pause, self._longest)

    def _reset(self) -> None:
        self._due = self._clock()
        self._pause = min(_FIRST_PAUSE, self._longest)

    def _ask(self, view: JobView) -> None:
        try:
            place = self._cluster.queue_place(view.ref, uid=view.uid, queue=view.queue or "")
        except Exception as fault:
            return self._fail(fault)
        self._put(Placed(place=place))
