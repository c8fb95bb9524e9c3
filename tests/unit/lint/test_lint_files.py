"""TFJobs of texts: places, comments that suppress, fixes in every layout, and no text that breaks it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tfjob_kit import errors, lint
from tfjob_kit.lint.edits import apply_edits
from tfjob_kit.lint.examples import SOUND_JOB, make_example
from tfjob_kit.lint.files import lint_text, rewrite_text
from tfjob_kit.lint.rules import RULES
from tfjob_kit.manifest import dump

SOUND = dump(SOUND_JOB, "yaml")


def rules_at(text: str) -> list[tuple[int, int, str]]:
    return [(f.line, f.column, f.finding.rule) for f in lint_text(text, shown="job.yaml").findings]


# --- places -------------------------------------------------------------------------------------


def test_a_finding_stands_at_its_key_and_what_is_missing_at_the_nearest_key_above() -> None:
    text = SOUND.replace("cleanPodPolicy: Running", "cleanPodPolicy: All").replace(
        "    ttlSecondsAfterFinished: 604800\n", ""
    )
    lines = text.splitlines()
    assert [
        (lines.index("  runPolicy:") + 1, 3, "ttl-unset"),
        (lines.index("    cleanPodPolicy: All") + 1, 5, "clean-all"),
    ] == rules_at(text)


def test_jobs_of_several_documents_and_lists_are_found_and_the_others_named() -> None:
    bad = dump(make_example({"policy.cleanPodPolicy": "All"}).job, "yaml")
    config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: code}\n"
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [SOUND_JOB, SOUND_JOB]})
    report = lint_text(
        "---\n".join([SOUND, config_map, bad, "# nothing\n", f"{listed}\n"]), shown="jobs.yaml"
    )
    assert (4, ("ConfigMap code",)) == (report.jobs, report.skipped)
    assert [(2, "clean-all")] == [(each.document - 1 + 2, each.finding.rule) for each in report.findings]


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("kind: [TFJob\n", "not valid YAML", "job.yaml:2:1"),
        ("kind: TFJob\nspec: {}\nspec: {}\n", "the key `spec` stands twice", "job.yaml:3:1"),
        ("kind: TFJob\nspec: " + "[" * 300 + "]" * 300, "nested too deep", "job.yaml:2:"),
        ("a: \x07\n", "not valid YAML", "job.yaml:1:"),
        ("kind: TFJob # tfjob-kit: ignore clean-all\n", "names the rule and the reason", "job.yaml:1:13"),
        ("kind: TFJob # tfjob-kit: ignore clean-all:  \n", "names the rule and the reason", "job.yaml:1:13"),
        ("# tfjob-kit: ignore clean-al: why\n", "the lint has no rule `clean-al`", "job.yaml:1:1"),
    ],
)
def test_a_text_that_cannot_be_read_is_one_clear_error(text: str, message: str, where: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        lint_text(text, shown="job.yaml")
    assert message in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.startswith(where)
    assert caught.value.source is not None


# --- comments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("    # tfjob-kit: ignore clean-all: logs are copied\n", ""),
        ("    # tfjob-kit: ignore ttl-unset, clean-all : logs are copied\n    # more\n\n", ""),
        ("", "  # tfjob-kit: ignore clean-all: logs are copied"),
    ],
)
def test_a_comment_suppresses_on_its_line_and_on_the_next_one(before: str, behind: str) -> None:
    text = SOUND.replace("    cleanPodPolicy: Running", f"{before}    cleanPodPolicy: All{behind}")
    findings = lint_text(text, shown="job.yaml").findings
    assert [("clean-all", "logs are copied")] == [(f.finding.rule, f.finding.ignored) for f in findings]
    assert rewrite_text(text, shown="job.yaml").text == text


def test_a_comment_elsewhere_and_text_that_looks_like_one_suppress_nothing() -> None:
    note = "  annotations:\n    note: |\n      # tfjob-kit: ignore no-such-rule: just text\n      # more\n"
    text = SOUND.replace("spec:\n", f"{note}spec:\n", 1).replace(
        "    cleanPodPolicy: Running\n",
        "    # tfjob-kit: ignore restart-never: another rule\n    cleanPodPolicy: All\n",
    )
    assert [("clean-all", None)] == [
        (f.finding.rule, f.finding.ignored) for f in lint_text(text, shown="job.yaml").findings
    ]


# --- fixes --------------------------------------------------------------------------------------

LAYOUTS: dict[str, Callable[[Any], str]] = {
    "as the kit writes it": lambda data: dump(data, "yaml"),
    "lists not indented": lambda data: yaml.safe_dump(data, sort_keys=False),
    "leaves in flow": lambda data: yaml.safe_dump(data, default_flow_style=None),
    "all in flow": lambda data: yaml.safe_dump(data, default_flow_style=True, width=80),
    "JSON": lambda data: json.dumps(data, indent=2),
    "JSON on one line": json.dumps,
    "a list": lambda data: dump({"apiVersion": "v1", "kind": "List", "items": [data]}, "yaml"),
    "line ends of Windows": lambda data: dump(data, "yaml").replace("\n", "\r\n"),
    "without an end of line": lambda data: dump(data, "yaml").rstrip("\n"),
}
FIXABLE = [
    rule
    for rule in RULES
    if any(f.rule == rule and f.edits for f in lint.lint_job(make_example(RULES[rule].bad).job))
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_mechanical_fix_is_written_in_every_layout(layout: str) -> None:
    left: list[str] = []
    for rule in FIXABLE:
        text = LAYOUTS[layout](make_example(RULES[rule].bad).job)
        made = rewrite_text(text, shown="job.yaml")
        assert made.fixed
        after = lint_text(made.text, shown="job.yaml").findings
        left += [f.finding.rule for f in after if f.finding.edits or f.finding.rule == rule]
        assert made.text.count("\r") == (made.text.count("\n") if layout.endswith("Windows") else 0)
    assert [] == left


def test_a_fix_keeps_comments_quotes_and_blank_lines() -> None:
    text = SOUND.replace(
        "    cleanPodPolicy: Running\n",
        "    # the next line is wrong\n\n    cleanPodPolicy:   'running' # so\n",
    ).replace("  runPolicy:\n", "  runPolicy:   # how it ends\n")
    assert rewrite_text(text, shown="job.yaml").text == text.replace("'running'", "Running")


def test_a_fix_that_an_alias_would_carry_elsewhere_is_left_to_the_person() -> None:
    text = SOUND.replace("cleanPodPolicy: Running", "cleanPodPolicy: *word").replace(
        "  name: train\n", "  name: train\n  annotations: {example.com/word: &word running}\n"
    )
    made = rewrite_text(text, shown="job.yaml")
    assert (text, ()) == (made.text, made.fixed)


# --- properties ---------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**12),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1Gi", "Always", "-1", ""]),
)
JSONISH = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    return [path, *(each for key, inner in below for each in paths_of(inner, (*path, key)))]


@st.composite
def damaged_jobs(draw: st.DrawFn) -> Any:
    """A job of the examples, with up to four values replaced by anything."""
    job: Any = make_example(RULES[draw(st.sampled_from(sorted(RULES)))].bad).job
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from(paths_of(job)))
        value = draw(JSONISH)
        if not path:
            continue
        holder = job
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
    return job


@settings(max_examples=60, deadline=None)
@given(job=damaged_jobs())
def test_no_job_breaks_the_lint_and_each_fix_fits_it(job: Any) -> None:
    for finding in lint.lint_job(job):
        if finding.edits:
            apply_edits(job, finding.edits)


@settings(max_examples=100, deadline=None)
@given(document=st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "spec", "x"]), JSONISH))
def test_no_document_breaks_the_lint(document: dict[str, Any]) -> None:
    document["kind"] = "TFJob"
    if not isinstance(document.get("spec"), dict | None):
        assert "malformed" in {finding.rule for finding in lint.lint_job(document)}
    lint.lint_job(document)


@settings(max_examples=15, deadline=None)
@given(job=damaged_jobs())
def test_fixes_leave_nothing_mechanical_that_a_second_run_would_change(job: Any) -> None:
    text = yaml.safe_dump(job, sort_keys=False, allow_unicode=True)
    try:
        made = rewrite_text(text, shown="job.yaml")
    except errors.ConfigError:
        return
    assert made.text == rewrite_text(made.text, shown="job.yaml").text


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("kind: TFJob\n-[]{}&*#'\"|>%!?,x1\t"), max_size=60))
def test_no_text_is_more_than_one_clear_error(text: str) -> None:
    with contextlib.suppress(errors.ConfigError):
        lint_text(text, shown="job.yaml")
