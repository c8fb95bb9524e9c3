"""Findings as a SARIF 2.1.0 log, which code-scanning services read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from tfjob_kit.lint.forms.entry import Entry
from tfjob_kit.lint.part import format_path
from tfjob_kit.lint.rule import Rule, Severity
from tfjob_kit.lint.rules import GROUPS, RULES

__all__ = ["sarif_log"]

_LEVELS = {Severity.error: "error", Severity.warning: "warning", Severity.info: "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_log(entries: Sequence[Entry], *, version: str) -> dict[str, Any]:
    """One run with every rule and every finding.

    Args:
        entries: Of all files, or of a config.
        version: Of tfjob-kit.
    """
    positions = {rule: number for number, rule in enumerate(RULES)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tfjob-kit",
                        "semanticVersion": version,
                        "rules": [_rule(rule, group) for group, rules in GROUPS.items() for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(entry, positions[entry.finding.rule]) for entry in entries],
            }
        ],
    }


def _rule(rule: Rule, group: str) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "help": {
            "text": f"{rule.fix}. Source: {rule.source}",
            "markdown": f"{rule.fix}.\n\nSource: {rule.source}",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [group.lower()]},
    }


def _result(entry: Entry, position: int) -> dict[str, Any]:
    finding = entry.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": position,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.what}; {finding.fix}"},
        "locations": [_location(entry)],
    }
    if finding.ignored is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.ignored}]
    return result


def _location(entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    location: dict[str, Any] = {
        "logicalLocations": [
            {"fullyQualifiedName": finding.key or format_path(finding.path) or "(document)", "kind": "member"}
        ]
    }
    if entry.file is not None:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(entry.file)}}
        if entry.line is not None:
            physical["region"] = {"startLine": entry.line, "startColumn": entry.column or 1}
        location["physicalLocation"] = physical
    return location


def _uri(file: str) -> str:
    """The path as a URI reference: relative paths stay relative to where the command ran."""
    path = quote(str(PurePosixPath(file)))
    return f"file://{path}" if path.startswith("/") else path
