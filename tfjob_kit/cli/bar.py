"""The progress bar of a terminal: at the bottom while lines scroll above it, gone at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from tfjob_kit.cli import console, numbers

__all__ = ["ProgressBar"]


_ROOM = 4
"""Columns kept free at the right, where a terminal echoes `^C`: wrapped, it would spoil the last line."""


class ProgressBar:
    """A bar on stderr that appears with the first progress."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[numbers]}"),
            console=Console(stderr=True, highlight=False, width=max(20, console.width() - _ROOM)),
            transient=True,
            expand=True,
        )
        self._task: Any = None

    def update(self, values: Mapping[str, Any]) -> None:
        """Moves the bar to the step of these values."""
        step, total = values.get("step"), values.get("total_steps")
        if not isinstance(step, int) or not isinstance(total, int):
            return
        text = numbers.format_progress(values)
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task("", total=total, completed=step, numbers=text)
        else:
            self._progress.update(self._task, completed=step, total=total, numbers=text)

    def write(self, line: str) -> None:
        """A line on stdout, above the bar."""
        if self._task is None or not sys.stdout.isatty():
            console.put(line)
        else:
            self._print(line)

    def say(self, line: str) -> None:
        """A line on stderr, above the bar."""
        if self._task is None:
            console.say(line)
        else:
            self._print(line)

    def close(self) -> None:
        """Takes the bar away."""
        self._progress.stop()

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._progress.console.print(Text.from_ansi(line), soft_wrap=True)
