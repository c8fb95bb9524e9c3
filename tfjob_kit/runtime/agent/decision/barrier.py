"""The barrier: everybody is here, so a start begins; or too many have begun in vain."""

from __future__ import annotations

from tfjob_kit import contract
from tfjob_kit.runtime.agent.announcement import Phase, group_of
from tfjob_kit.runtime.agent.decision import situation as s
from tfjob_kit.runtime.agent.decision import wording
from tfjob_kit.runtime.agent.decision.draft import Draft

__all__ = ["settle"]

_AT_THE_BARRIER = (Phase.gathering, Phase.training)


def settle(draft: Draft) -> None:
    """Starts the trainer once all agents announce the same group.

    Two phases: seeing everybody makes the group, and everybody's word for it makes the start. So nobody
    starts while another still misses a third.
    """
    group = _whole_group(draft.state)
    draft.set(group=group)
    said = [peer.announcement for peer in draft.state.peers.values()]
    if group is not None and all(a is not None and a.group == group for a in said):
        _start(draft)


def _whole_group(state: s.Situation) -> str | None:
    """The group that this agent sees at its attempt; None while somebody is missing."""
    incarnations = {state.name: state.incarnation}
    for name, peer in state.peers.items():
        said = peer.announcement
        if said is None or not peer.connected or said.phase not in _AT_THE_BARRIER:
            return None
        if said.attempt != state.attempt:
            return None
        incarnations[name] = said.incarnation
    return group_of(state.attempt, incarnations)


def _start(draft: Draft) -> None:
    state = draft.state
    in_a_row = state.in_a_row + 1
    if state.is_chief:
        if in_a_row > state.limits.restarts:
            _give_up(draft, state.in_a_row)
            return
        draft.do(s.KeepCount(in_a_row=in_a_row, cause=state.reason or state.cause))
    members = {n: p.announcement.incarnation for n, p in state.peers.items() if p.announcement}
    draft.enter(
        Phase.training,
        members=members,
        in_a_row=in_a_row,
        starts=state.starts + 1,
        trainer=s.Trainer(started=draft.now, active=draft.now),
    )
    draft.say(wording.start(draft.state))
    draft.do(s.StartTrainer(attempt=state.attempt))


def _give_up(draft: Draft, restarts: int) -> None:
    # A later submission under the same name begins to count anew.
    draft.do(s.KeepCount(in_a_row=None))
    draft.fail(
        contract.ReplicaExit.NO_PROGRESS,
        error=f"NoProgress: {wording.no_progress(draft.state, restarts)}",
        hint=wording.way_out(draft.state),
        where="restart",
    )
