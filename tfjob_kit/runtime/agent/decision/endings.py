"""Asked to stop, and leaving once it is settled how."""

from __future__ import annotations

from dataclasses import replace

from tfjob_kit import contract
from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import situation as s
from tfjob_kit.runtime.agent.decision.draft import Draft

__all__ = ["UNKILLABLE", "settle", "stop_asked"]

_AT_THE_END = (Phase.leaving, Phase.failed, Phase.done)
UNKILLABLE = 60.0
"""Seconds until a trainer that ignores SIGKILL (a device driver that hangs) is given up with its pod."""


def stop_asked(draft: Draft) -> None:
    """SIGTERM: a save where a trainer can hear of it, the end at once elsewhere and at the second time."""
    state = draft.state
    if state.outcome is not None:
        draft.kill()
        draft.set(leave_at=draft.now)
    elif state.phase is Phase.training and state.trainer is not None and state.trainer.ready:
        draft.enter(Phase.stopping, leave_at=draft.now + state.limits.stop)
        draft.say("asked to stop: the trainers save at the next step boundary")
        draft.do(s.AskTrainerToStop())
    else:
        draft.kill()
        draft.stop("asked to stop")


def settle(draft: Draft, outcome: contract.Termination) -> None:
    """Leaves when the trainer is gone and the peers have heard, or had the time to."""
    state = draft.state
    late = draft.now >= state.leave_at
    if state.trainer is not None and late:
        draft.kill()
    hopeless = draft.now - state.leave_at > UNKILLABLE
    if hopeless or (state.trainer is None and (late or _all_have_heard(state, outcome))):
        draft.do(s.Leave(termination=replace(outcome, restarts=state.restarts)))


def _all_have_heard(state: s.Situation, outcome: contract.Termination) -> bool:
    """Nobody is left who must still hear of this end: a worker's success concerns nobody."""
    here = [peer for peer in state.peers.values() if peer.connected]
    if outcome.status == "succeeded":
        return not state.is_chief or all(peer.finished for peer in here)
    said = [peer.announcement for peer in here]
    return (
        state.phase is Phase.failed
        and bool(here)
        and all(a is not None and a.phase in _AT_THE_END for a in said)
    )
