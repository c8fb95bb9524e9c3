"""What follows from time alone: silent peers, missing peers, stuck trainers, saves that take too long."""

from __future__ import annotations

from dataclasses import replace

from tfjob_kit import contract
from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import peers, wording
from tfjob_kit.runtime.agent.decision.draft import Draft
from tfjob_kit.runtime.agent.decision.endings import UNKILLABLE

__all__ = ["tick"]

_AFTER_DONE = 60.0
"""Seconds for a trainer to leave once it has said Done."""


def tick(draft: Draft) -> None:
    """Time has passed."""
    _excuse_own_pause(draft)
    draft.set(ticked=draft.now)
    for name, peer in draft.state.peers.items():
        silent = draft.now - peer.heard
        if peer.connected and silent > draft.state.limits.silence:
            peers.lost(draft, name, f"silent for {silent:.1f} s (frozen, or its node is)")
    if draft.state.outcome is None:
        _check(draft)


def _excuse_own_pause(draft: Draft) -> None:
    """Peers were not silent when it was this process that did not run."""
    pause = draft.now - draft.state.ticked
    if pause > draft.state.limits.silence / 2:
        for name, peer in draft.state.peers.items():
            draft.set_peer(name, heard=peer.heard + pause)


def _check(draft: Draft) -> None:
    state = draft.state
    waited = draft.now - state.since
    match state.phase:
        case Phase.gathering:
            _check_barrier(draft, waited)
        case Phase.training:
            _check_trainer(draft)
        case Phase.stopping if draft.now > state.leave_at:
            draft.kill()
            draft.stop("the save took too long: stopped")
        case Phase.ending if waited > UNKILLABLE:
            draft.set(trainer=None)
            draft.stop("the trainer does not end, not even by SIGKILL: left")
        case _:
            pass


def _check_barrier(draft: Draft, waited: float) -> None:
    state, limits = draft.state, draft.state.limits
    if waited > limits.start:
        text = f"waited {waited:.0f} s for {wording.missing(state)}"
        draft.say(text)
        outcome = replace(
            draft.termination("stopped", contract.ReplicaExit.RETRY),
            error=f"PeersMissing: {text}",
            hint="see why those replicas do not start; `train.start_timeout` is the limit",
            where="barrier",
        )
        draft.end(Phase.leaving, outcome)
    elif draft.now - max(state.named, state.since) >= limits.missing:
        draft.set(named=draft.now)
        draft.say(f"waiting {waited:.0f} s of {limits.start:.0f} s for {wording.missing(state)}")


def _check_trainer(draft: Draft) -> None:
    trainer, limits, name = draft.state.trainer, draft.state.limits, draft.state.name
    if trainer is None:
        return
    quiet = draft.now - trainer.active
    if trainer.done is not None:
        if quiet > _AFTER_DONE:
            draft.kill()
    elif not trainer.ready:
        if draft.now - trainer.started > limits.start:
            draft.restart(f"{name}: no strategy after {limits.start:.0f} s (`train.start_timeout`)")
    elif quiet > (limits.stall if trainer.stepped else max(limits.stall, limits.start)):
        draft.restart(f"{name}: the trainer was stuck for {quiet:.0f} s (`train.stall_timeout`)")
