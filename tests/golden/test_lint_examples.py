"""TFJobs as people write them: what the lint finds in each, and what --fix makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tfjob_kit.lint.files import lint_text, rewrite_text

FOLDER = Path(__file__).parent / "lint"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))


def _listed(file: Path) -> str:
    lines = [
        f"{each.line}:{each.column} {each.finding.severity.value} {each.finding.rule} {each.finding.what}"
        + (f" [suppressed: {each.finding.ignored}]" if each.finding.ignored else "")
        + (" [--fix]" if each.finding.edits else "")
        for each in lint_text(file.read_text(), shown=file.name).findings
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_what_is_wrong_is_found_where_it_stands(file: Path, golden: Callable[[Path, str], None]) -> None:
    golden(file.with_suffix(".txt"), _listed(file))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_fixes_change_their_lines_alone(file: Path, golden: Callable[[Path, str], None]) -> None:
    made = rewrite_text(file.read_text(), shown=file.name)
    golden(FOLDER / "fixed" / file.name, made.text)
    assert made.text == rewrite_text(made.text, shown=file.name).text


def test_every_example_is_found_wanting() -> None:
    clean = [
        file.stem
        for file in EXAMPLES
        if not any(f.finding.severity.value != "info" for f in lint_text(file.read_text(), shown="").findings)
    ]
    assert ([], 9) == (clean, len(EXAMPLES))
