"""Findings of `lint` as people read them: place, line with a caret, the fix below, counts at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tfjob_kit.cli import console

if TYPE_CHECKING:
    from tfjob_kit.lint.forms import Entry

__all__ = ["findings_text"]

_STYLES = {"error": ("red", "bold"), "warning": ("yellow", "bold"), "info": ("blue", "bold")}
_PLURALS = {"error": "errors", "warning": "warnings", "info": "notes"}
_SINGULARS = {"error": "error", "warning": "warning", "info": "note"}


def findings_text(entries: Sequence[Entry], *, jobs: int) -> str:
    """Every finding that is not suppressed, and the counts."""
    active = [entry for entry in entries if entry.finding.ignored is None]
    blocks = ["\n".join(_lines(entry)) for entry in active]
    return "\n\n".join([*blocks, _counts(entries, active, jobs=jobs)])


def _lines(entry: Entry) -> Iterator[str]:
    finding = entry.finding
    severity = console.paint(finding.severity.value, *_STYLES[finding.severity.value])
    yield f"{console.paint(entry.where, 'bold')} {severity} {finding.rule} {finding.what}"
    if entry.under:
        yield from (f"  {line}" for line in entry.under.splitlines())
    yield f"  {console.paint('fix:', 'green', 'bold')} {finding.fix}"


def _counts(entries: Sequence[Entry], active: Sequence[Entry], *, jobs: int) -> str:
    parts = [
        _count(sum(entry.finding.severity.value == kind for entry in active), _SINGULARS[kind], plural)
        for kind, plural in _PLURALS.items()
    ]
    text = f"{', '.join(parts)} in {_count(jobs, 'job', 'jobs')}"
    suppressed = len(entries) - len(active)
    fixable = sum(bool(entry.finding.edits) and entry.finding.key is None for entry in active)
    if suppressed:
        text += f"; {suppressed} suppressed"
    if fixable:
        text += f"; {fixable} with a mechanical fix (--fix)"
    return text


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
