"""Sentences of the agent: who is missing and why, what a restart is about.

Owns the words that more than one decision would need to compose. Pure; must not decide.
"""

from __future__ import annotations

import signal

from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision.situation import Peer, Situation, Trainer

__all__ = ["MORE_MEMORY", "OUT_OF_MEMORY", "missing", "no_progress", "retryable", "start", "way_out"]

OUT_OF_MEMORY = "OutOfMemory"
"""How the reason of a replica begins whose trainer the kernel has killed for want of memory."""
MORE_MEMORY = "give it more `resources.memory` or a smaller `train.global_batch_size`"
_SIGNALLED = 128


def start(situation: Situation) -> str:
    """What begins, and with whom."""
    others = len(situation.peers)
    together = f"all {others + 1} replicas are here" if others else "one replica"
    which = f", restart {situation.restarts}" if situation.restarts else ""
    return f"{together}: the trainer starts{which}"


def missing(situation: Situation) -> str:
    """Every peer that keeps this agent at the barrier, with the reason."""
    held = {name: _why(peer, situation) for name, peer in situation.peers.items()}
    texts = [f"{name} ({situation.peers[name].address}): {why}" for name, why in held.items() if why]
    return "; ".join(texts) or "nobody: the others are about to start"


def _why(peer: Peer, situation: Situation) -> str | None:
    said = peer.announcement
    if said is None or not peer.connected:
        if said is not None and said.phase in (Phase.stopping, Phase.leaving):
            return f"it was stopped and its replacement is not there yet; {peer.why}"
        return peer.why
    if said.phase in (Phase.stopping, Phase.leaving, Phase.failed):
        return "it is about to end"
    if said.phase is Phase.ending:
        return "its last trainer has not ended yet"
    if said.attempt != situation.attempt or said.phase is Phase.done:
        return "it has not come to the barrier yet"
    return None if said.group else "it has not reached everybody"


def retryable(trainer: Trainer, code: int) -> str:
    """Why a trainer ended that may try again."""
    if trainer.failed is not None:
        return trainer.failed.error
    if code == _SIGNALLED + signal.SIGTERM:
        return "the trainer lost a peer or was asked to stop"
    try:
        return f"the trainer was ended by {signal.Signals(code - _SIGNALLED).name}"
    except ValueError:
        return f"the trainer left with exit code {code}"


def no_progress(situation: Situation, restarts: int) -> str:
    """How often and from where it was tried in vain."""
    where = f"the checkpoint of step {situation.saved}" if situation.saved else "the start"
    times = "1 restart" if restarts == 1 else f"{restarts} restarts"
    cause = situation.reason or situation.cause
    return f"{times} from {where} made no new checkpoint" + (f"; the last cause: {cause}" if cause else "")


def way_out(situation: Situation) -> str:
    """What to do when it was tried in vain."""
    if f"{OUT_OF_MEMORY}: " in (situation.reason or situation.cause or ""):
        return MORE_MEMORY
    return "read the logs for what ends the trainers; `train.restarts_without_progress` is the bound"
