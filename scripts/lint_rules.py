"""The page of the lint's rules, made from their data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfjob_kit import lint, manifest
from tfjob_kit.lint.examples import example_excerpt, make_example
from tfjob_kit.lint.rule import Rule
from tfjob_kit.lint.rules import GROUPS

_LONGEST = 40
"""Lines of an example that are shown; the one of `too-large` has thousands."""
_ABOUT = """# Lint rules

What `tfjob-kit lint`, `render` and `run` look for in a TFJob; no cluster is asked. How to use and suppress
them: [Find mistakes before they cost GPUs](../howto/lint.md). An *error* cannot work or loses the run, a
*warning* works and will hurt, an *info* is worth knowing and is said by `lint` alone.

An example shows what it changes in a job in which nothing is found: a chief and three workers with one GPU
each.
"""


def page() -> Iterator[str]:
    """Every rule with its severity, fix, source and examples."""
    yield from _ABOUT.splitlines()
    yield from ["", "| Rule | Severity | What | `--fix` |", "|---|---|---|---|"]
    for rules in GROUPS.values():
        for rule in rules:
            fixable = "yes" if _is_fixable(rule) else ""
            yield f"| [`{rule.id}`](#{rule.id}) | {rule.severity.value} | {rule.title} | {fixable} |"
    for heading, rules in GROUPS.items():
        yield from ["", f"## {heading}"]
        for rule in rules:
            yield from _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    yield from ["", f"### {rule.id}", "", f"*{rule.severity.value}:* {rule.title}", ""]
    yield f"* Fix: {rule.fix}"
    if rule.key_fix:
        yield f"* Fix in a config: {rule.key_fix}"
    yield f"* Source: {rule.source}"
    yield from _example("Found in", rule.bad)
    if example_excerpt(rule.good):
        yield from _example("Not in", rule.good)


def _example(label: str, changes: Mapping[str, Any]) -> Iterator[str]:
    excerpt = example_excerpt(changes)
    removed = [path for path, value in changes.items() if value is None]
    without = f" (without `{'`, `'.join(removed)}`)" if removed else ""
    yield from ["", f"{label}{without}:", ""]
    lines = manifest.dump(excerpt, "yaml").splitlines() if excerpt else []
    for other in changes.get("others", ()):
        lines += [*(["---"] if lines else []), *manifest.dump(other, "yaml").splitlines()]
    yield "```yaml"
    yield from (line if len(line) <= 160 else line[:157] + "..." for line in lines[:_LONGEST])
    yield "```"


def _is_fixable(rule: Rule) -> bool:
    example = make_example(rule.bad)
    found = lint.lint_job(example.job, others=example.others)
    return any(finding.edits for finding in found if finding.rule == rule.id)
