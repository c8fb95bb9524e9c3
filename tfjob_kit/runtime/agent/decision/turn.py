"""One turn: an event is taken, then what follows from the situation itself.

Owns the dispatch alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import barrier, deadlines, endings, peers, trainer
from tfjob_kit.runtime.agent.decision import situation as s
from tfjob_kit.runtime.agent.decision.draft import Draft

__all__ = ["Turn", "advance"]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What an event leads to."""

    situation: s.Situation
    actions: tuple[s.Action, ...] = ()


def advance(situation: s.Situation, event: s.Event, *, now: float) -> Turn:
    """The next situation and what to do, in order."""
    draft = Draft(situation, now)
    _take(draft, event)
    if draft.state.outcome is not None:
        endings.settle(draft, draft.state.outcome)
    elif draft.state.phase is Phase.gathering:
        barrier.settle(draft)
    return Turn(situation=draft.state, actions=tuple(draft.actions))


def _take(draft: Draft, event: s.Event) -> None:
    match event:
        case s.Heard():
            peers.heard(draft, event.peer, event.announcement)
        case s.Lost():
            peers.lost(draft, event.peer, "its agent is gone")
        case s.Unreachable():
            draft.set_peer(event.peer, why=event.why)
        case s.Mismatched():
            peers.mismatched(draft, event)
        case s.Reported():
            trainer.reported(draft, event.report)
        case s.Ended():
            trainer.ended(draft, event)
        case s.StopAsked():
            endings.stop_asked(draft)
        case s.Tick():
            deadlines.tick(draft)
        case _:
            assert_never(event)
