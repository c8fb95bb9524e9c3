"""The trainer's end of the pipe to its agent, and what the trainer is doing right now.

Owns writing reports. A closed pipe is no error here: a trainer without an agent trains on.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tfjob_kit.runtime import reports

__all__ = ["ReportPipe"]


class ReportPipe:
    """Reports, one line each, and the place to name when something fails.

    Attributes:
        phase: `config`, `gpu check`, `strategy`, `build`, ...
        model_file: The user's model file once it is found.
        step: Last finished step; None before training.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.phase = "config"
        self.model_file: Path | None = None
        self.step: int | None = None

    def send(self, report: reports.Report) -> None:
        """Writes one report; at most PIPE_BUF bytes go out whole, longer ones in parts."""
        rest = reports.encode(report)
        with contextlib.suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
