"""Findings as workflow commands of GitHub Actions, which show them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfjob_kit.lint.forms.entry import Entry
from tfjob_kit.lint.rule import Severity

__all__ = ["workflow_commands"]

_COMMANDS = {Severity.error: "error", Severity.warning: "warning", Severity.info: "notice"}
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = _IN_DATA | {":": "%3A", ",": "%2C"}


def workflow_commands(entries: Sequence[Entry]) -> Iterator[str]:
    """One line for each finding that is not suppressed."""
    for entry in entries:
        finding = entry.finding
        if finding.ignored is not None:
            continue
        places = {"file": entry.file, "line": entry.line, "col": entry.column, "title": finding.rule}
        given = [f"{name}={_escape(str(value), _IN_PROPERTIES)}" for name, value in places.items() if value]
        where = "" if entry.file else f"{entry.where}: "
        text = _escape(f"{where}{finding.what}\nfix: {finding.fix}", _IN_DATA)
        yield f"::{_COMMANDS[finding.severity]} {','.join(given)}::{text}"


def _escape(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
