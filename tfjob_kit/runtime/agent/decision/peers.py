"""News of the other agents: what they announce, and that they are gone."""

from __future__ import annotations

from dataclasses import replace

from tfjob_kit import contract
from tfjob_kit.runtime.agent.announcement import Announcement, Phase
from tfjob_kit.runtime.agent.decision import situation as s
from tfjob_kit.runtime.agent.decision.draft import Draft

__all__ = ["heard", "lost", "mismatched"]


def heard(draft: Draft, name: str, said: Announcement) -> None:
    """A peer has announced its state."""
    peer = draft.state.peers[name]
    finished = peer.finished or (said.phase is Phase.done and said.attempt == draft.state.attempt)
    draft.set_peer(name, announcement=said, heard=draft.now, connected=True, finished=finished)
    if draft.state.outcome is not None:
        return
    if name == draft.state.chief and said.phase is Phase.done:
        _chief_is_done(draft, said)
    elif said.phase is Phase.failed:
        _peer_failed(draft, name, said)
    elif said.attempt > draft.state.attempt:
        _follow(draft, name, said)
    elif draft.state.members.get(name, said.incarnation) != said.incarnation and not finished:
        _without(draft, name, "it came back as a new process")


def lost(draft: Draft, name: str, how: str) -> None:
    """A peer is gone or silent."""
    peer = draft.state.peers[name]
    if not peer.connected:
        return
    draft.set_peer(name, connected=False, why=how)
    if draft.state.outcome is None and not peer.finished:
        _without(draft, name, how)


def mismatched(draft: Draft, event: s.Mismatched) -> None:
    """A peer of the same run has another config: nothing but a new submission mends that."""
    if draft.state.outcome is None:
        draft.fail(
            contract.ReplicaExit.BAD_CONFIG,
            error=f"ConfigMismatch: {event.peer} runs {event.what}",
            hint="all replicas of a job need the same pod template; submit the job again",
            where="barrier",
        )


def _without(draft: Draft, name: str, how: str) -> None:
    """A peer that this trainer needs is not there any more."""
    state = draft.state
    said = state.peers[name].announcement
    # While stopping the trainer is left alone: a chief that writes its checkpoint needs no peer for it, and
    # one that waits for a peer in a collective is ended by TensorFlow's heartbeat.
    if state.phase is Phase.training:
        if said is not None and said.phase is Phase.stopping:
            draft.say(f"{name} has stopped as it was asked to; the trainer here is about to end as well")
            return
        leaving = said is not None and said.phase is Phase.leaving and said.reason
        draft.restart(f"{name}: {leaving or how}")
    elif state.phase is Phase.done and name == state.chief:
        draft.restart(f"{name}: {how} before it had finished")


def _follow(draft: Draft, name: str, said: Announcement) -> None:
    if draft.state.phase is Phase.stopping:
        return
    draft.restart(said.reason or f"{name} begins again", attempt=said.attempt)


def _chief_is_done(draft: Draft, said: Announcement) -> None:
    state = draft.state
    termination = draft.termination("succeeded", contract.ReplicaExit.DONE)
    step = said.step if said.step is not None else state.step
    draft.end(Phase.done, replace(termination, step=step), linger=state.limits.farewell)


def _peer_failed(draft: Draft, name: str, said: Announcement) -> None:
    text = f"{name} ended with exit code {said.exit_code}: {said.reason or 'no reason given'}"
    draft.say(f"stops: {text}")
    draft.kill()
    termination = draft.termination("stopped", contract.ReplicaExit.RETRY)
    outcome = replace(termination, error=f"PeerFailed: {text}", where=name)
    draft.end(Phase.leaving, outcome, linger=draft.state.limits.failed)
