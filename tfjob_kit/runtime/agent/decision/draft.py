"""A turn in the making: the situation as it changes, the actions as they come.

Owns the small changes that all decisions are made of. Must not know events.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tfjob_kit import contract
from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import situation as s

__all__ = ["Draft"]


class Draft:
    """Lives for one turn.

    Attributes:
        state: The situation so far.
        now: The turn's time.
        actions: What to do, in order.
    """

    def __init__(self, state: s.Situation, now: float) -> None:
        self.state = state
        self.now = now
        self.actions: list[s.Action] = []

    def set(self, **changes: Any) -> None:
        """Changes fields of the situation."""
        self.state = replace(self.state, **changes)

    def set_peer(self, name: str, **changes: Any) -> None:
        """Changes what is known of one peer."""
        self.set(peers={**self.state.peers, name: replace(self.state.peers[name], **changes)})

    def enter(self, phase: Phase, **changes: Any) -> None:
        """Begins a phase now."""
        self.set(phase=phase, since=self.now, **changes)

    def do(self, action: s.Action) -> None:
        """Adds an action."""
        self.actions.append(action)

    def say(self, text: str) -> None:
        """Adds a sentence to the log."""
        self.do(s.Say(text=text))

    def kill(self) -> None:
        """Kills the trainer, if one runs that was not killed before."""
        trainer = self.state.trainer
        if trainer is not None and not trainer.killed:
            self.set(trainer=replace(trainer, killed=True))
            self.do(s.KillTrainer())

    def restart(self, reason: str, *, attempt: int | None = None) -> None:
        """Raises the attempt, or follows a higher one; the trainer cannot do anything useful any more."""
        attempt = self.state.attempt + 1 if attempt is None else attempt
        peers = {name: replace(peer, finished=False) for name, peer in self.state.peers.items()}
        self.set(attempt=attempt, reason=reason, group=None, members={}, peers=peers)
        self.say(f"restart: {reason}")
        self.kill()
        if self.state.trainer is None:
            if self.state.phase is not Phase.gathering:
                self.enter(Phase.gathering)
        elif self.state.phase is not Phase.ending:
            self.enter(Phase.ending)

    def termination(self, status: str, code: int) -> contract.Termination:
        """A termination message with what is known by now."""
        state = self.state
        return contract.Termination(
            status=status, exit_code=int(code), step=state.step, metrics=dict(state.metrics)
        )

    def end(self, phase: Phase, outcome: contract.Termination, *, linger: float = 0.0) -> None:
        """Settles how this replica ends; it leaves after `linger` seconds at the latest."""
        alone = not self.state.peers
        self.enter(phase, outcome=outcome, leave_at=self.now + (0.0 if alone else linger))

    def fail(self, code: int, *, error: str, where: str, hint: str | None = None) -> None:
        """Ends for good; the peers are told and end too."""
        self.kill()
        self.say(f"failed for good: {error}")
        outcome = replace(self.termination("failed", int(code)), error=error, hint=hint, where=where)
        self.set(reason=error)
        self.end(Phase.failed, outcome, linger=self.state.limits.told)

    def stop(self, how: str) -> None:
        """Ends because somebody asked for it; the replica may come back."""
        self.forgive()
        self.say(f"{how} at step {self.state.step}" if self.state.step is not None else how)
        phase = self.state.phase if self.state.phase is Phase.stopping else Phase.leaving
        self.end(phase, self.termination("stopped", contract.ReplicaExit.RETRY))

    def forgive(self) -> None:
        """A stop that somebody asked for is no failure: the next start does not count."""
        in_a_row = max(-1, self.state.in_a_row - 1)
        if self.state.is_chief and in_a_row != self.state.in_a_row:
            self.set(in_a_row=in_a_row)
            self.do(s.KeepCount(in_a_row=in_a_row, cause=self.state.reason or self.state.cause))
