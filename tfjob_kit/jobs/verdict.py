"""The one honest sentence about a job that ended or is stuck."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a job.

    Attributes:
        kind: succeeded, failed, oom, gpu_check, bad_config, bad_data, no_progress, keeper_lost, deadline,
            cancelled, suspended, unknown, running, ...
        summary: One sentence, no full stop: which replica first, its exit code and what that means.
        evidence: What the verdict rests on: conditions, container states, termination message, last log
            lines.
        fix: What to do, ready to paste where possible; None when nothing is to be done.
        exit_code: Of the command that waited for the job (0, 100, 101, 103).
    """

    kind: str
    summary: str
    evidence: tuple[str, ...] = ()
    fix: str | None = None
    exit_code: int
