"""What an agent does about what happens to it: (situation, event, time) -> situation, actions.

Owns barrier, restarts, endings. Pure: no sockets, processes or clocks, so that every schedule of faults can
be tried in tests. The rules in one place:

* A start is one attempt by one group of agent processes. It begins when all announce the same group.
* Whoever needs a restart raises the attempt; all follow the highest they hear, kill trainers and gather.
* The chief's `done` is the job's end. Before it a finished worker waits and takes part in restarts.
* A permanent failure of one ends the others, without restart.
* The chief counts restarts since the last new checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from tfjob_kit import contract
from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent import situation as s
from tfjob_kit.runtime.agent import wording
from tfjob_kit.runtime.agent.announcement import Announcement, Phase, group_of

__all__ = ["Turn", "advance"]

_AFTER_DONE = 60.0
"""Seconds for a trainer to leave once it has said Done."""
_UNKILLABLE = 60.0
"""Seconds until a trainer that ignores SIGKILL (a device driver that hangs) is given up with its pod."""
_PEER_LEFT = 2.0
"""Seconds for a save that is under way while a peer has gone already."""
_SIGNALLED = 128
_AT_THE_BARRIER = (Phase.gathering, Phase.training)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What an event leads to."""

    situation: s.Situation
    actions: tuple[s.Action, ...] = ()


def advance(situation: s.Situation, event: s.Event, *, now: float) -> Turn:
    """The next situation and what to do, in order."""
    decision = _Decision(situation, now)
    decision.take(event)
    decision.settle()
    return Turn(situation=decision.state, actions=tuple(decision.actions))


class _Decision:
    """One turn in the making."""

    def __init__(self, situation: s.Situation, now: float) -> None:
        self.state = situation
        self.now = now
        self.actions: list[s.Action] = []

    def take(self, event: s.Event) -> None:
        match event:
            case s.Heard():
                self._heard(event.peer, event.announcement)
            case s.Lost():
                self._lost(event.peer, "its agent is gone")
            case s.Unreachable():
                self._set_peer(event.peer, why=event.why)
            case s.Mismatched():
                self._mismatched(event)
            case s.Reported():
                self._reported(event.report)
            case s.Ended():
                self._ended(event)
            case s.StopAsked():
                self._stop_asked()
            case s.Tick():
                self._tick()
            case _:
                assert_never(event)

    def settle(self) -> None:
        """What follows from the situation itself, whatever led to it."""
        state = self.state
        if state.outcome is not None:
            self._settle_outcome(state.outcome)
        elif state.phase is Phase.gathering:
            self._settle_barrier()

    # --- peers -----------------------------------------------------------------------------------

    def _heard(self, name: str, said: Announcement) -> None:
        peer = self.state.peers[name]
        finished = peer.finished or (said.phase is Phase.done and said.attempt == self.state.attempt)
        self._set_peer(name, announcement=said, heard=self.now, connected=True, finished=finished)
        if self.state.outcome is not None:
            return
        if name == self.state.chief and said.phase is Phase.done:
            self._chief_is_done(said)
        elif said.phase is Phase.failed:
            self._peer_failed(name, said)
        elif said.attempt > self.state.attempt:
            self._follow(name, said)
        elif self.state.members.get(name, said.incarnation) != said.incarnation and not finished:
            self._without(name, "it came back as a new process")

    def _lost(self, name: str, how: str) -> None:
        if not self.state.peers[name].connected:
            return
        self._set_peer(name, connected=False, why=how)
        if self.state.outcome is None and not self.state.peers[name].finished:
            self._without(name, how)

    def _without(self, name: str, how: str) -> None:
        """A peer that this trainer needs is not there any more."""
        said = self.state.peers[name].announcement
        if self.state.phase is Phase.stopping:
            self._hurry()
        elif self.state.phase is Phase.training:
            if said is not None and said.phase is Phase.stopping:
                self._say(f"{name} has stopped as it was asked to; the trainer here is about to end as well")
                return
            leaving = said is not None and said.phase is Phase.leaving and said.reason
            self._restart(f"{name}: {leaving or how}")
        elif self.state.phase is Phase.done and name == self.state.chief:
            self._restart(f"{name}: {how} before it had finished")

    def _follow(self, name: str, said: Announcement) -> None:
        if self.state.phase is Phase.stopping:
            self._hurry()
            return
        self._restart(said.reason or f"{name} begins again", attempt=said.attempt)

    def _chief_is_done(self, said: Announcement) -> None:
        if self.state.trainer is not None:
            self._say(f"{self.state.chief} has finished; the trainer here gets a moment to end")
        termination = self._termination("succeeded", contract.ReplicaExit.DONE)
        step = said.step if said.step is not None else self.state.step
        self._end(Phase.done, replace(termination, step=step), linger=self.state.limits.farewell)

    def _peer_failed(self, name: str, said: Announcement) -> None:
        text = f"{name} ended with exit code {said.exit_code}: {said.reason or 'no reason given'}"
        self._say(f"stops: {text}")
        self._kill()
        termination = self._termination("stopped", contract.ReplicaExit.RETRY)
        outcome = replace(termination, error=f"PeerFailed: {text}", where=name)
        self._end(Phase.leaving, outcome, linger=self.state.limits.failed)

    def _mismatched(self, event: s.Mismatched) -> None:
        if self.state.outcome is None:
            self._fail(
                contract.ReplicaExit.BAD_CONFIG,
                error=f"ConfigMismatch: {event.peer} runs {event.what}",
                hint="all replicas of a job need the same pod template; submit the job again",
                where="barrier",
            )

    # --- the barrier -----------------------------------------------------------------------------

    def _settle_barrier(self) -> None:
        group = self._whole_group()
        self._set(group=group)
        said = [peer.announcement for peer in self.state.peers.values()]
        if group is not None and all(a is not None and a.group == group for a in said):
            self._start()

    def _whole_group(self) -> str | None:
        """The group that this agent sees at its attempt; None while somebody is missing."""
        incarnations = {self.state.name: self.state.incarnation}
        for name, peer in self.state.peers.items():
            said = peer.announcement
            if said is None or not peer.connected or said.phase not in _AT_THE_BARRIER:
                return None
            if said.attempt != self.state.attempt:
                return None
            incarnations[name] = said.incarnation
        return group_of(self.state.attempt, incarnations)

    def _start(self) -> None:
        state = self.state
        in_a_row = state.in_a_row + 1
        if state.is_chief:
            if in_a_row > state.limits.restarts:
                self._give_up(state.in_a_row)
                return
            self.actions.append(s.KeepCount(in_a_row=in_a_row))
        members = {n: p.announcement.incarnation for n, p in state.peers.items() if p.announcement}
        self._enter(
            Phase.training,
            members=members,
            in_a_row=in_a_row,
            starts=state.starts + 1,
            trainer=s.Trainer(started=self.now, active=self.now),
        )
        self._say(wording.start(self.state))
        self.actions.append(s.StartTrainer(attempt=state.attempt))

    def _give_up(self, restarts: int) -> None:
        self.actions.append(s.KeepCount(in_a_row=None))
        self._fail(
            contract.ReplicaExit.NO_PROGRESS,
            error=f"NoProgress: {wording.no_progress(self.state, restarts)}",
            hint="read the logs for what ends the trainers; `train.restarts_without_progress` is the bound",
            where="restart",
        )

    def _restart(self, reason: str, *, attempt: int | None = None) -> None:
        """Raises the attempt, or follows a higher one; the trainer cannot do anything useful any more."""
        attempt = self.state.attempt + 1 if attempt is None else attempt
        peers = {name: replace(peer, finished=False) for name, peer in self.state.peers.items()}
        self._set(attempt=attempt, reason=reason, group=None, members={}, peers=peers)
        self._say(f"restart: {reason}")
        self._kill()
        if self.state.trainer is None:
            if self.state.phase is not Phase.gathering:
                self._enter(Phase.gathering)
        elif self.state.phase is not Phase.ending:
            self._enter(Phase.ending)

    # --- the trainer -----------------------------------------------------------------------------

    def _reported(self, report: reports.Report) -> None:
        trainer = self.state.trainer
        if trainer is None:
            return
        trainer = replace(trainer, active=self.now)
        match report:
            case reports.StrategyReady():
                trainer = replace(trainer, ready=True)
            case reports.Restored():
                trainer = replace(trainer, restored=report.step)
                self._set(step=report.step)
            case reports.Stepped():
                trainer = replace(trainer, stepped=True)
                self._set(step=report.step)
            case reports.Saved():
                self._saved(report.step, trainer.restored or 0)
            case reports.Done():
                trainer = replace(trainer, done=report)
                self._set(step=report.step, metrics=report.metrics)
            case reports.Failed():
                trainer = replace(trainer, failed=report)
        self._set(trainer=trainer)

    def _saved(self, step: int, restored: int) -> None:
        self._set(saved=step)
        if step > restored and self.state.in_a_row != 0:
            self._set(in_a_row=0)
            if self.state.is_chief:
                self.actions.append(s.KeepCount(in_a_row=0))

    def _ended(self, end: s.Ended) -> None:
        trainer = self.state.trainer
        if trainer is None:
            return
        phase = self.state.phase
        self._set(trainer=None)
        if self.state.outcome is not None:
            return
        if trainer.done is not None and phase is not Phase.ending:
            self._finish()
        elif phase is Phase.ending:
            self._enter(Phase.gathering)
        elif phase is Phase.stopping:
            self._stop("saved and stopped" if self.state.saved == self.state.step else "stopped")
        else:
            self._judge(trainer, end)

    def _finish(self) -> None:
        if not self.state.is_chief:
            self._enter(Phase.done)
            self._say(f"all steps done; waits for {self.state.chief} to finish")
            return
        self.actions.append(s.KeepCount(in_a_row=None))
        outcome = self._termination("succeeded", contract.ReplicaExit.DONE)
        self._end(Phase.done, outcome, linger=self.state.limits.farewell)

    def _judge(self, trainer: s.Trainer, end: s.Ended) -> None:
        """The trainer has ended by itself before its time."""
        code = trainer.failed.exit_code if trainer.failed else end.code
        if end.out_of_memory is not None:
            self._out_of_memory(end.out_of_memory)
        elif code >= _SIGNALLED:
            if any(
                p.announcement and p.announcement.phase is Phase.stopping for p in self.state.peers.values()
            ):
                self._forgive()
            self._restart(f"{self.state.name}: {wording.retryable(trainer, code)}")
        elif trainer.failed is not None:
            said = trainer.failed
            self._fail(code, error=said.error, hint=said.hint, where=said.where)
        else:
            text = f"TrainerDied: the trainer left with exit code {end.code} before the last step"
            known = code in set(contract.ReplicaExit) and code != contract.ReplicaExit.DONE
            self._fail(code if known else contract.ReplicaExit.ERROR, error=text, where="train")

    def _out_of_memory(self, sentence: str) -> None:
        """The pod is recreated: what filled its memory may not be the trainer's alone."""
        error = f"OutOfMemory: {sentence}"
        self._say(error)
        outcome = replace(
            self._termination("failed", _SIGNALLED + 9),
            error=error,
            hint="give it more `resources.memory` or a smaller `train.global_batch_size`",
            where="train",
        )
        self._set(reason=f"{self.state.name}: {error}")
        self._end(Phase.leaving, outcome, linger=1.0)

    # --- stopping --------------------------------------------------------------------------------

    def _stop_asked(self) -> None:
        trainer = self.state.trainer
        if self.state.outcome is not None:
            self._kill()
            self._set(leave_at=self.now)
        elif self.state.phase is Phase.training and trainer is not None and trainer.ready:
            self._enter(Phase.stopping, leave_at=self.now + self.state.limits.stop)
            self._say("asked to stop: the trainers save at the next step boundary")
            self.actions.append(s.AskTrainerToStop())
        else:
            self._kill()
            self._stop("asked to stop")

    def _hurry(self) -> None:
        self._set(leave_at=min(self.state.leave_at, self.now + _PEER_LEFT))

    def _stop(self, how: str) -> None:
        self._forgive()
        self._say(f"{how} at step {self.state.step}" if self.state.step is not None else how)
        outcome = self._termination("stopped", contract.ReplicaExit.RETRY)
        self._end(self.state.phase if self.state.phase is Phase.stopping else Phase.leaving, outcome)

    def _forgive(self) -> None:
        """A stop that somebody asked for is no failure: the next start does not count."""
        in_a_row = max(-1, self.state.in_a_row - 1)
        if self.state.is_chief and in_a_row != self.state.in_a_row:
            self._set(in_a_row=in_a_row)
            self.actions.append(s.KeepCount(in_a_row=in_a_row))

    # --- time ------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self._excuse_own_pause()
        self._set(ticked=self.now)
        limits = self.state.limits
        for name, peer in self.state.peers.items():
            if peer.connected and self.now - peer.heard > limits.silence:
                self._lost(name, f"silent for {self.now - peer.heard:.1f} s (frozen, or its node is)")
        if self.state.outcome is None:
            self._check_deadlines()

    def _excuse_own_pause(self) -> None:
        """Peers were not silent when it was this process that did not run."""
        pause = self.now - self.state.ticked
        if self.state.ticked and pause > self.state.limits.silence / 2:
            for name, peer in self.state.peers.items():
                self._set_peer(name, heard=peer.heard + pause)

    def _check_deadlines(self) -> None:
        waited = self.now - self.state.since
        match self.state.phase:
            case Phase.gathering:
                self._check_barrier(waited)
            case Phase.training:
                self._check_trainer()
            case Phase.stopping if self.now > self.state.leave_at:
                self._kill()
                self._stop("the save took too long: stopped")
            case Phase.ending if waited > _UNKILLABLE:
                self._set(trainer=None)
                self._stop("the trainer does not end, not even by SIGKILL: left")
            case _:
                pass

    def _check_barrier(self, waited: float) -> None:
        limits = self.state.limits
        if waited > limits.start:
            text = f"waited {waited:.0f} s for {wording.missing(self.state)}"
            self._say(text)
            outcome = self._termination("stopped", contract.ReplicaExit.RETRY)
            hint = "see why those replicas do not start; `train.start_timeout` is the limit"
            outcome = replace(outcome, error=f"PeersMissing: {text}", hint=hint, where="barrier")
            self._end(Phase.leaving, outcome)
        elif self.now - max(self.state.named, self.state.since) >= limits.missing:
            self._set(named=self.now)
            self._say(f"waiting {waited:.0f} s of {limits.start:.0f} s for {wording.missing(self.state)}")

    def _check_trainer(self) -> None:
        trainer, limits = self.state.trainer, self.state.limits
        if trainer is None:
            return
        name, quiet = self.state.name, self.now - trainer.active
        if trainer.done is not None:
            if quiet > _AFTER_DONE:
                self._kill()
        elif not trainer.ready:
            if self.now - trainer.started > limits.start:
                self._restart(f"{name}: no strategy after {limits.start:.0f} s (`train.start_timeout`)")
        elif quiet > (limits.stall if trainer.stepped else max(limits.stall, limits.start)):
            self._restart(f"{name}: the trainer was stuck for {quiet:.0f} s (`train.stall_timeout`)")

    # --- ending ----------------------------------------------------------------------------------

    def _fail(self, code: int, *, error: str, where: str, hint: str | None = None) -> None:
        self._kill()
        self._say(f"failed for good: {error}")
        outcome = replace(self._termination("failed", int(code)), error=error, hint=hint, where=where)
        self._set(reason=error)
        self._end(Phase.failed, outcome, linger=1.0)

    def _end(self, phase: Phase, outcome: contract.Termination, *, linger: float = 0.0) -> None:
        alone = not self.state.peers
        self._enter(phase, outcome=outcome, leave_at=self.now + (0.0 if alone else linger))

    def _settle_outcome(self, outcome: contract.Termination) -> None:
        state = self.state
        late = self.now >= state.leave_at
        if state.trainer is not None:
            if late:
                self._kill()
            if self.now - state.leave_at > _UNKILLABLE:
                self.actions.append(s.Leave(termination=replace(outcome, restarts=state.restarts)))
        elif late or self._nobody_listens(outcome):
            self.actions.append(s.Leave(termination=replace(outcome, restarts=state.restarts)))

    def _nobody_listens(self, outcome: contract.Termination) -> bool:
        """Success needs no farewell on a worker; the chief's is over once all others are done or gone."""
        if outcome.status != "succeeded":
            return False
        if not self.state.is_chief:
            return True
        return all(p.finished or not p.connected for p in self.state.peers.values())

    def _termination(self, status: str, code: int) -> contract.Termination:
        state = self.state
        return contract.Termination(
            status=status, exit_code=int(code), step=state.step, metrics=dict(state.metrics)
        )

    # --- small changes ---------------------------------------------------------------------------

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)

    def _set_peer(self, name: str, **changes: Any) -> None:
        self._set(peers={**self.state.peers, name: replace(self.state.peers[name], **changes)})

    def _enter(self, phase: Phase, **changes: Any) -> None:
        self._set(phase=phase, since=self.now, **changes)

    def _kill(self) -> None:
        trainer = self.state.trainer
        if trainer is not None and not trainer.killed:
            self._set(trainer=replace(trainer, killed=True))
            self.actions.append(s.KillTrainer())

    def _say(self, text: str) -> None:
        self.actions.append(s.Say(text=text))
