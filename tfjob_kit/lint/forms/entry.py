"""A finding with its place, whether a file of TFJobs or a config has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tfjob_kit.config.grammar import words
from tfjob_kit.lint.files.report import FileReport
from tfjob_kit.lint.rule import Finding

__all__ = ["Entry", "entries_of_config", "entries_of_file"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One finding as it is reported.

    Attributes:
        where: `job.yaml:7:3`, or the config key with its source.
        file, line, column: From 1; None where no file has it.
        under: The line with a caret under the place; None as above.
        job: Name of the job.
    """

    finding: Finding
    where: str
    file: str | None
    line: int | None
    column: int | None
    under: str | None
    job: str | None


def entries_of_file(report: FileReport) -> tuple[Entry, ...]:
    """Of a file of TFJobs."""
    return tuple(
        Entry(
            finding=each.finding,
            where=f"{report.shown}:{each.line}:{each.column}",
            file=report.shown,
            line=each.line,
            column=each.column,
            under=words.caret(each.source, min(each.column - 1, len(each.source))),
            job=each.job,
        )
        for each in report.findings
    )


def entries_of_config(findings: Iterable[Finding], *, job: str) -> tuple[Entry, ...]:
    """Of the job that a config makes; a value of a file is shown there."""
    return tuple(_of_config(finding, job) for finding in findings)


def _of_config(finding: Finding, job: str) -> Entry:
    source = finding.source
    in_file = source is not None and source.kind == "file"
    return Entry(
        finding=finding,
        where=finding.where,
        file=source.path if source and in_file else None,
        line=source.line if source and in_file else None,
        column=source.column if source and in_file else None,
        under=source.under_value() if source else None,
        job=job,
    )
