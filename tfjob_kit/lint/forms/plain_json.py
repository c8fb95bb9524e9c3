"""Findings as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfjob_kit.lint.forms.entry import Entry
from tfjob_kit.lint.part import format_path
from tfjob_kit.lint.rule import Severity

__all__ = ["findings_dict"]


def findings_dict(entries: Sequence[Entry], *, jobs: int, skipped: Sequence[str] = ()) -> dict[str, Any]:
    """Every finding, suppressed ones too, and the counts of those that are not."""
    active = [entry for entry in entries if entry.finding.ignored is None]
    return {
        "findings": [_finding(entry) for entry in entries],
        "jobs": jobs,
        "skipped": list(skipped),
        "counts": {
            **{kind.value: sum(each.finding.severity is kind for each in active) for kind in Severity},
            "suppressed": len(entries) - len(active),
        },
    }


def _finding(entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.what,
        "fix": finding.fix,
        "fixable": bool(finding.edits) and finding.key is None,
        "job": entry.job,
        "path": format_path(finding.path),
        "key": finding.key,
        "source": None if finding.source is None else finding.source.text,
        "file": entry.file,
        "line": entry.line,
        "column": entry.column,
        "suppressed": finding.ignored,
    }
