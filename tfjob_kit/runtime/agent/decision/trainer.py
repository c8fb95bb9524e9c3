"""News of the trainer: its reports, and what its end means."""

from __future__ import annotations

from dataclasses import replace

from tfjob_kit import contract
from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import situation as s
from tfjob_kit.runtime.agent.decision import wording
from tfjob_kit.runtime.agent.decision.draft import Draft

__all__ = ["ended", "reported"]

_SIGNALLED = 128
_KILLED = _SIGNALLED + 9


def reported(draft: Draft, report: reports.Report) -> None:
    """The trainer has said something."""
    trainer = draft.state.trainer
    if trainer is None:
        return
    trainer = replace(trainer, active=draft.now)
    match report:
        case reports.StrategyReady():
            trainer = replace(trainer, ready=True)
        case reports.Restored():
            trainer = replace(trainer, restored=report.step)
            draft.set(step=report.step, saved=report.step or None)
        case reports.Stepped():
            trainer = replace(trainer, stepped=True)
            draft.set(step=report.step)
        case reports.Saved():
            _saved(draft, report.step, trainer.restored or 0)
        case reports.Done():
            trainer = replace(trainer, done=report)
            draft.set(step=report.step, metrics=report.metrics)
        case reports.Failed():
            trainer = replace(trainer, failed=report)
    draft.set(trainer=trainer)


def _saved(draft: Draft, step: int, restored: int) -> None:
    draft.set(saved=step)
    if step > restored and draft.state.in_a_row != 0:
        draft.set(in_a_row=0)
        if draft.state.is_chief:
            draft.do(s.KeepCount(in_a_row=0))


def ended(draft: Draft, end: s.Ended) -> None:
    """The trainer's process is gone."""
    trainer, phase = draft.state.trainer, draft.state.phase
    draft.set(trainer=None)
    if trainer is None or draft.state.outcome is not None:
        return
    if phase is Phase.ending:
        draft.enter(Phase.gathering)
    elif trainer.done is not None:
        _finish(draft)
    elif phase is Phase.stopping:
        draft.stop("saved and stopped" if draft.state.saved == draft.state.step else "stopped")
    else:
        _judge(draft, trainer, end)


def _finish(draft: Draft) -> None:
    if not draft.state.is_chief:
        draft.enter(Phase.done)
        draft.say(f"all steps done; waits for {draft.state.chief} to finish")
        return
    draft.do(s.KeepCount(in_a_row=None))
    outcome = draft.termination("succeeded", contract.ReplicaExit.DONE)
    draft.end(Phase.done, outcome, linger=draft.state.limits.farewell)


def _judge(draft: Draft, trainer: s.Trainer, end: s.Ended) -> None:
    """The trainer has ended by itself before its time."""
    code = trainer.failed.exit_code if trainer.failed else end.code
    if end.out_of_memory is not None:
        _out_of_memory(draft, end.out_of_memory)
    elif code >= _SIGNALLED:
        _try_again(draft, trainer, code)
    elif trainer.failed is not None:
        said = trainer.failed
        draft.fail(code, error=said.error, hint=said.hint, where=said.where)
    else:
        text = f"TrainerDied: the trainer left with exit code {end.code} before the last step"
        known = code in set(contract.ReplicaExit) and code != contract.ReplicaExit.DONE
        draft.fail(code if known else contract.ReplicaExit.ERROR, error=text, where="train")


def _try_again(draft: Draft, trainer: s.Trainer, code: int) -> None:
    said = {name: peer.announcement for name, peer in draft.state.peers.items()}
    stopping = [name for name, a in said.items() if a is not None and a.phase is Phase.stopping]
    if stopping:
        draft.forgive()
        draft.restart(f"{stopping[0]} was asked to stop")
    else:
        draft.restart(f"{draft.state.name}: {wording.retryable(trainer, code)}")


def _out_of_memory(draft: Draft, sentence: str) -> None:
    """The pod is recreated: what filled its memory may not be the trainer's alone."""
    error = f"{wording.OUT_OF_MEMORY}: {sentence}"
    draft.say(error)
    outcome = replace(
        draft.termination("failed", _KILLED),
        error=error,
        hint=wording.MORE_MEMORY,
        where="train",
    )
    draft.set(reason=error)
    if draft.state.is_chief:
        # The pod that comes after this one may be the one that gives up, and then has to say why.
        draft.do(s.KeepCount(in_a_row=draft.state.in_a_row, cause=f"{draft.state.name}: {error}"))
    draft.end(Phase.leaving, outcome)
