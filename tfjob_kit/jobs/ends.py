"""What the end of one replica means: kind, phrase, the way out.

Owns the reading of exit codes, Kubernetes' reasons and termination messages. Exit codes 1 to 5 have their
meaning (`contract.ReplicaExit`) only in the shipped runtime; a user's own program gives them its own.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tfjob_kit import contract
from tfjob_kit.jobs.replica_view import ContainerEnd, ReplicaView

__all__ = ["Meaning", "first_failed", "meaning_of", "start_problem"]

_KINDS: Mapping[int, str] = MappingProxyType(
    {
        contract.ReplicaExit.ERROR: "failed",
        contract.ReplicaExit.BAD_CONFIG: "bad_config",
        contract.ReplicaExit.GPU_CHECK: "gpu_check",
        contract.ReplicaExit.BAD_DATA: "bad_data",
        contract.ReplicaExit.NO_PROGRESS: "no_progress",
        contract.ReplicaExit.RETRY: "interrupted",
    }
)
_START_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "ErrImagePull": "its image cannot be pulled",
        "ImagePullBackOff": "its image cannot be pulled",
        "InvalidImageName": "its image's name is not valid",
        "CreateContainerConfigError": "a Secret or ConfigMap that it needs is missing",
        "CreateContainerError": "its container cannot be created",
        "RunContainerError": "its command cannot be started",
        "StartError": "its command cannot be started",
        "ContainerCannotRun": "its command cannot be started",
    }
)
_NOT_EXECUTABLE, _NOT_FOUND, _SIGNALS = 126, 127, 128
_LAST_SIGNAL = 192
_LATE = "9999"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one end means.

    Attributes:
        phrase: Goes after "chief-0 ended with exit code 3: ".
        fix: The way out; None when only the log can tell.
    """

    kind: str
    phrase: str
    fix: str | None = None


def first_failed(replicas: tuple[ReplicaView, ...]) -> ReplicaView | None:
    """The replica that ended badly first; at the same second the one with the more telling code."""
    failed = [r for r in replicas if (end := _bad_end(r)) is not None and end.exit_code != 0]
    return min(failed, key=_order, default=None)


def meaning_of(replica: ReplicaView, *, is_runtime: bool, memory: str | None) -> Meaning:
    """What the bad end of this replica means.

    Args:
        replica: One that `first_failed` returned.
        is_runtime: The replica runs the shipped runtime, so codes 1 to 5 have their meaning.
        memory: Its memory limit as the manifest writes it.
    """
    end = _bad_end(replica)
    if end is None:
        return Meaning(kind="failed", phrase="it failed and left no exit code")
    ours = end.termination
    if _is_oom(end):
        return _out_of_memory(end, memory)
    if (problem := start_problem(end.reason)) is not None:
        return Meaning(kind="start_error", phrase=problem, fix=end.message)
    if ours is not None or (is_runtime and end.exit_code in _KINDS):
        return _of_runtime(end)
    if end.exit_code in {_NOT_EXECUTABLE, _NOT_FOUND}:
        what = "not found" if end.exit_code == _NOT_FOUND else "not executable"
        return Meaning(
            kind="start_error", phrase=f"its command was {what}", fix="check `command` and the image"
        )
    if _SIGNALS < end.exit_code < _LAST_SIGNAL:
        return _of_signal(end.exit_code - _SIGNALS)
    return Meaning(kind="failed", phrase="its program reported an error")


def start_problem(reason: str | None) -> str | None:
    """What a waiting reason says about a container that cannot start; None for one that may still start."""
    return _START_REASONS.get(reason or "")


def _bad_end(replica: ReplicaView) -> ContainerEnd | None:
    if replica.end is not None and replica.end.exit_code != 0:
        return replica.end
    return replica.last_end if replica.state in {"Restarting", "Running", "Terminating"} else None


def _order(replica: ReplicaView) -> tuple[str, int, str]:
    end = _bad_end(replica)
    if end is None:
        return (_LATE, 0, replica.name)
    telling = 0 if _is_oom(end) else 1 if end.exit_code < _SIGNALS else 2
    if end.exit_code == contract.ReplicaExit.RETRY:
        telling = 3
    return (end.time or _LATE, telling, replica.name)


def _is_oom(end: ContainerEnd) -> bool:
    said = end.termination.error if end.termination else None
    return end.reason == "OOMKilled" or (said or "").startswith(("OutOfMemory", "OOMKilled"))


def _out_of_memory(end: ContainerEnd, memory: str | None) -> Meaning:
    limit = f" (limit {memory})" if memory else ""
    phrase = f"out of memory{limit}"
    if end.termination and end.termination.error:
        phrase = f"{phrase}: {end.termination.error}"
    more = "a larger `resources.memory`" + (f" than {memory}" if memory else "")
    return Meaning(
        kind="oom", phrase=phrase, fix=f"run again with {more}, or a smaller `train.global_batch_size`"
    )


def _of_runtime(end: ContainerEnd) -> Meaning:
    ours = end.termination
    try:
        phrase = contract.ReplicaExit(end.exit_code).meaning
    except ValueError:
        phrase = _of_signal(end.exit_code - _SIGNALS).phrase if end.exit_code > _SIGNALS else "training error"
    if ours and ours.error:
        phrase = f"{phrase}: {ours.error}"
    if ours and ours.where:
        phrase = f"{phrase} ({ours.where})"
    kind = _KINDS.get(end.exit_code, "failed")
    return Meaning(kind=kind, phrase=phrase, fix=ours.hint if ours else None)


def _of_signal(number: int) -> Meaning:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    notes = {
        signal.SIGKILL: ", from outside or by the kernel for want of memory",
        signal.SIGSEGV: ", a crash in native code",
        signal.SIGABRT: ", native code gave up",
        signal.SIGTERM: ", it was asked to stop",
    }
    note = notes.get(signal.Signals(number), "") if name.startswith("SIG") else ""
    return Meaning(kind="killed", phrase=f"killed by {name}{note}")
