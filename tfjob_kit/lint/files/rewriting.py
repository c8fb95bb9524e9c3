"""Mechanical fixes written into a text, and nothing else of it changed.

Each pass fixes what does not touch each other, reads the text anew and compares it with the data that the
fixes mean; a fix that would come out otherwise is left to the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from tfjob_kit import errors
from tfjob_kit.lint.edits import apply_edits
from tfjob_kit.lint.files import nodes
from tfjob_kit.lint.files.report import Document, Located, find_jobs, lint_text
from tfjob_kit.lint.files.splices import CannotWrite, Splice, TextEditor

__all__ = ["Rewritten", "rewrite_text"]

_PASSES = 8
"""A fix may bring another one to light, e.g. a field in its right place whose value is misspelt."""


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """A text with its fixes.

    Attributes:
        text: The new text.
        fixed: What was put right, as it was found; lines are those of the text of its pass.
    """

    text: str
    fixed: tuple[Located, ...]


@dataclass(frozen=True, kw_only=True)
class _Change:
    found: Located
    splices: tuple[Splice, ...]


def rewrite_text(text: str, *, shown: str) -> Rewritten:
    """Every mechanical fix of findings that are not suppressed.

    Raises:
        ConfigError: As `lint_text`.
    """
    fixed: list[Located] = []
    for _ in range(_PASSES):
        report = lint_text(text, shown=shown)
        jobs, _ = find_jobs(nodes.compose_all(text, shown=shown))
        wanted = [each for each in report.findings if each.finding.edits and each.finding.ignored is None]
        changes = _compatible(text, jobs, wanted)
        made = _apply(text, jobs, changes, shown)
        if made is None:
            # One of them does not come out as it should: alone, the others still can.
            made = _apply_singly(text, jobs, changes, shown)
        if not made.fixed:
            break
        text = made.text
        fixed += made.fixed
    return Rewritten(text=text, fixed=tuple(fixed))


def _compatible(text: str, jobs: Sequence[Document], wanted: Sequence[Located]) -> list[_Change]:
    """Those that can be written and do not touch each other; the rest waits for the next pass."""
    editors = [TextEditor(text, job.node) for job in jobs]
    taken: list[tuple[int, int]] = []
    changes: list[_Change] = []
    lists: set[tuple[int, object]] = set()
    for each in wanted:
        try:
            edits = each.finding.edits
            splices = tuple(editors[each.document].splice(edit) for edit in edits)
        except (CannotWrite, ValueError):
            continue
        # Indices below a list change when an item goes, so that one list gives one change in a pass.
        inside = {(each.document, _list_of(edit.path)) for edit in edits} - {(each.document, None)}
        spans = [(splice.start, splice.end) for splice in splices]
        if inside & lists or any(_touch(a, b) for a in spans for b in taken):
            continue
        lists |= inside
        taken += spans
        changes.append(_Change(found=each, splices=splices))
    return changes


def _list_of(path: tuple[str | int, ...]) -> object:
    """The list that the last step is an item of."""
    return path[:-1] if isinstance(path[-1], int) else None


def _touch(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _apply(text: str, jobs: Sequence[Document], changes: Sequence[_Change], shown: str) -> Rewritten | None:
    splices = sorted((s for change in changes for s in change.splices), key=lambda splice: -splice.start)
    new = text
    for splice in splices:
        new = new[: splice.start] + splice.new + new[splice.end :]
    try:
        meant = [_changed(job.data, number, changes) for number, job in enumerate(jobs)]
        written = [job.data for job in find_jobs(nodes.compose_all(new, shown=shown))[0]]
    except (errors.ConfigError, LookupError, TypeError, AttributeError):
        return None
    if [_pruned(each) for each in meant] != [_pruned(each) for each in written]:
        return None
    return Rewritten(text=new, fixed=tuple(change.found for change in changes))


def _apply_singly(text: str, jobs: Sequence[Document], changes: Sequence[_Change], shown: str) -> Rewritten:
    """The first one that comes out as it should; the next pass goes on from there."""
    for change in changes:
        made = _apply(text, jobs, [change], shown)
        if made is not None:
            return made
    return Rewritten(text=text, fixed=())


def _changed(data: dict[str, Any], number: int, changes: Sequence[_Change]) -> Any:
    for change in changes:
        if change.found.document == number:
            data = apply_edits(data, change.found.finding.edits)
    return data


def _pruned(value: Any) -> Any:
    """Without what says nothing: an emptied mapping may be written as `{}`, as null or not at all."""
    if isinstance(value, dict):
        entries = ((key, _pruned(each)) for key, each in cast("dict[Any, Any]", value).items())
        return {key: each for key, each in entries if each not in ({}, [], None)}
    return [_pruned(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value
