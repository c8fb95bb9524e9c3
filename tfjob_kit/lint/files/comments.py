"""Comments that suppress: `# tfjob-kit: ignore RULE: reason`, on the line of a finding or above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfjob_kit import errors
from tfjob_kit.config.grammar import words
from tfjob_kit.lint.files.nodes import split_lines
from tfjob_kit.lint.spelling import unknown_rule

__all__ = ["Comments", "read_comments"]

_COMMENT = re.compile(r"#\s*tfjob-kit:\s*ignore\b(?P<rest>.*)$")
_REST = re.compile(r"\s+(?P<rules>[a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*:\s*(?P<reason>\S.*?)\s*$")


@dataclass(frozen=True, kw_only=True)
class Comments:
    """The suppressions of a file.

    Attributes:
        reasons: Line, from 0, and rule -> reason. A comment that stands alone counts for the first line below
            it that is no comment.
    """

    reasons: dict[tuple[int, str], str]

    def reason(self, line: int, rule: str) -> str | None:
        """Why the rule is suppressed there."""
        return self.reasons.get((line, rule))


def read_comments(text: str, nodes: list[Any], *, rules: tuple[str, ...], shown: str) -> Comments:
    """The suppressions in a text.

    Args:
        text: YAML.
        nodes: Its documents; what stands inside a block of text is no comment.
        rules: Every rule there is.
        shown: The file's path, for messages.

    Raises:
        UnknownChoice: A comment names no rule.
        ConfigError: It gives no reason.
    """
    reasons: dict[tuple[int, str], str] = {}
    if "tfjob-kit:" not in text:
        return Comments(reasons=reasons)
    lines = split_lines(text)
    inside = {line for node in nodes for line in _text_lines(node)}
    for number, line in enumerate(lines):
        match = _COMMENT.search(line)
        if match is None or number in inside:
            continue
        target = number
        while target < len(lines) and (not lines[target].strip() or lines[target].lstrip().startswith("#")):
            target += 1
        for rule, reason in _parse(match, line, f"{shown}:{number + 1}:{match.start() + 1}", rules):
            reasons[target, rule] = reason
    return Comments(reasons=reasons)


def _parse(match: re.Match[str], line: str, where: str, rules: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    parts, source = _REST.fullmatch(match["rest"]), words.caret(line, match.start())
    if parts is None:
        raise errors.ConfigError(
            "a comment that suppresses names the rule and the reason",
            where=where,
            source=source,
            hint="write `# tfjob-kit: ignore RULE: reason`",
        )
    for rule in re.split(r"\s*,\s*", parts["rules"]):
        if rule not in rules:
            raise unknown_rule(rule, rules, where=where, source=source)
        yield rule, parts["reason"]


def _text_lines(node: Any) -> Iterator[int]:
    """Lines that a text of several lines covers, but the first."""
    if node.id == "scalar":
        yield from range(node.start_mark.line + 1, node.end_mark.line + (node.end_mark.column > 0))
    else:
        below: list[Any] = [value for _, value in node.value] if node.id == "mapping" else node.value
        for each in below:
            yield from _text_lines(each)
