"""How the events of a followed job are shown: for people, or one JSON object per line."""

from __future__ import annotations

import sys
from typing import Protocol

from tfjob_kit import contract
from tfjob_kit.cli import console, numbers, roles
from tfjob_kit.cli.bar import ProgressBar
from tfjob_kit.jobs import events

__all__ = ["JsonScreen", "Screen", "TextScreen", "make_screen"]

_QUIET_STATES = {"Pending", "Created", "Succeeded", "Failed"}


class Screen(Protocol):
    """Shows events one by one."""

    def show(self, event: events.Event) -> None:
        """Shows one event; Finished is only noted, its closing lines need more than the event."""
        ...

    def close(self) -> None:
        """Leaves the terminal as it was."""
        ...


def make_screen(output: str) -> Screen:
    """The screen for `-o text` or `-o json`."""
    return JsonScreen() if output == "json" else TextScreen()


class JsonScreen:
    """One JSON object per line on stdout."""

    def show(self, event: events.Event) -> None:
        """Prints the event."""
        console.put_json(events.event_dict(event), indent=None)

    def close(self) -> None:
        """Nothing to leave behind."""


class TextScreen:
    """Lines for people, with a progress bar where stderr is a terminal."""

    def __init__(self) -> None:
        self._bar = ProgressBar() if console.is_terminal(sys.stderr) else None
        self._total_steps: object = None

    def show(self, event: events.Event) -> None:
        """Prints what a person wants to see of the event."""
        match event:
            case events.LogLine():
                self._show_line(event)
            case events.Progress():
                self._show_progress(event)
            case events.StateChanged():
                if event.state not in _QUIET_STATES:
                    self._write(console.paint(f"job is {event.state}", "dim"))
            case events.ReplicaChanged():
                self._show_replica(event)
            case events.Notice():
                self._say(event)
            case events.Submitted():
                console.put(f"tfjob/{event.job} created")
            case events.Finished():
                pass

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _show_line(self, line: events.LogLine) -> None:
        if contract.parse_progress(line.text) is None:
            self._write(roles.prefix(line.replica) + roles.shown(line.text))

    def _show_progress(self, event: events.Progress) -> None:
        total = {"total_steps": self._total_steps} if self._total_steps else {}
        values = {**total, **event.values}
        self._total_steps = values.get("total_steps")
        if self._bar is None or any(key.startswith("eval_") for key in values):
            self._write(roles.prefix(event.replica) + numbers.format_progress(values))
        if self._bar is not None:
            self._bar.update(values)

    def _show_replica(self, event: events.ReplicaChanged) -> None:
        if event.exit_code:
            text = f"{event.state}, exit code {event.exit_code}"
        elif event.restarts and event.state == "Running":
            text = f"Running again, restart {event.restarts}"
        else:
            return  # why a replica waits comes as a Notice
        self._write(roles.prefix(event.replica) + console.paint(text, "yellow"))

    def _say(self, notice: events.Notice) -> None:
        line = console.warning(notice.text) if notice.level == "warning" else notice.text
        if self._bar is None:
            console.say(line)
        else:
            self._bar.say(line)

    def _write(self, line: str) -> None:
        if self._bar is None:
            console.put(line)
        else:
            self._bar.write(line)
