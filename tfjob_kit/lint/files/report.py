"""A text of TFJobs linted: every finding with its line and column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from tfjob_kit.lint.checks import is_tfjob, lint_job
from tfjob_kit.lint.files import nodes
from tfjob_kit.lint.files.comments import Comments, read_comments
from tfjob_kit.lint.rule import Finding, Severity
from tfjob_kit.lint.rules import RULES

__all__ = ["Document", "FileReport", "Located", "find_jobs", "lint_text"]

_ORDER = list(Severity)


@dataclass(frozen=True, kw_only=True)
class Located:
    """A finding and where it stands in its text.

    Attributes:
        job: Name of its job; None where it has none.
        line, column: From 1.
        source: The line.
        document: Which TFJob of the text, from 0.
    """

    finding: Finding
    job: str | None
    line: int
    column: int
    source: str
    document: int


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """What was found in one text.

    Attributes:
        shown: Its path, as people have it.
        findings: By line.
        jobs: How many TFJobs it holds.
        skipped: What else it holds: `ConfigMap train-code`.
    """

    shown: str
    findings: tuple[Located, ...]
    jobs: int
    skipped: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A TFJob in a text.

    Attributes:
        node: Its YAML node.
        data: The TFJob as the API has it.
        others: Further documents of the text.
    """

    node: Any
    data: dict[str, Any]
    others: tuple[Any, ...]


def lint_text(text: str, *, shown: str) -> FileReport:
    """Everything in the TFJobs of a text of YAML or JSON, documents and lists of kubectl included.

    Args:
        text: As the file has it.
        shown: The file's path, for messages.

    Raises:
        ConfigError: No YAML, or a comment that suppresses nothing; with file, line and column.
    """
    composed = nodes.compose_all(text, shown=shown)
    comments = read_comments(text, composed, rules=tuple(RULES), shown=shown)
    jobs, skipped = find_jobs(composed)
    lines = nodes.split_lines(text)
    every = [
        each
        for number, document in enumerate(jobs)
        for each in _located(document, number, lines=lines, comments=comments)
    ]
    # An anchor and its aliases are one place in the text.
    places = {(e.document, e.line, e.column, e.finding.rule, e.finding.what): e for e in reversed(every)}
    found = list(places.values())
    found.sort(key=lambda each: (each.line, each.column, _ORDER.index(each.finding.severity)))
    return FileReport(shown=shown, findings=tuple(found), jobs=len(jobs), skipped=skipped)


def find_jobs(composed: Sequence[Any]) -> tuple[list[Document], tuple[str, ...]]:
    """The TFJobs among the documents, and what the others are."""
    pairs = [(node, nodes.plain(node)) for top in composed for node in _unlisted(top)]
    others = tuple(data for _, data in pairs if not is_tfjob(data))
    jobs = [Document(node=node, data=data, others=others) for node, data in pairs if is_tfjob(data)]
    return jobs, tuple(_describe(data) for data in others)


def _unlisted(node: Any) -> Iterator[Any]:
    """The node, or the items of what kubectl calls a list."""
    if node.id == "mapping":
        entries = nodes.index(node)
        kind = entries["kind"][1] if "kind" in entries else None
        items = entries["items"][1] if "items" in entries else None
        is_list = kind is not None and isinstance(kind.value, str) and kind.value.endswith("List")
        if is_list and items is not None and items.id == "sequence":
            yield from items.value
            return
    yield node


def _describe(data: Any) -> str:
    if not isinstance(data, dict):
        return "what is no object"
    fields = cast("dict[str, Any]", data)
    metadata: Any = fields.get("metadata")
    name = cast("dict[str, Any]", metadata).get("name") if isinstance(metadata, dict) else None
    return " ".join(str(word)[:80] for word in (fields.get("kind", "an object without a kind"), name) if word)


def _located(
    document: Document, number: int, *, lines: Sequence[str], comments: Comments
) -> Iterator[Located]:
    metadata: Any = document.data.get("metadata")
    name = cast("dict[str, Any]", metadata).get("name") if isinstance(metadata, dict) else None
    for finding in lint_job(document.data, others=document.others):
        line, column = nodes.locate(document.node, finding.path)
        reason = comments.reason(line, finding.rule)
        yield Located(
            finding=finding if reason is None else replace(finding, ignored=reason),
            job=name if isinstance(name, str) else None,
            line=line + 1,
            column=column + 1,
            source=lines[line] if line < len(lines) else "",
            document=number,
        )
