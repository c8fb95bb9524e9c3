"""The console blocks of the quickstart are run in order, in one folder, and print what they say.

`...` on a page stands for any text, as in doctest.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One `$ command` of a page and what the page shows below it."""

    command: str
    shown: str


def _steps(page: str) -> list[Step]:
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```$", (DOCS / page).read_text())
    parts = [part for block in blocks for part in re.split(r"(?m)^\$ ", block) if part]
    return [Step(command=part.split("\n")[0], shown=part.partition("\n")[2].strip()) for part in parts]


def _matches(shown: str, printed: str) -> bool:
    pattern = ".*?".join(re.escape(piece.strip(" ")) for piece in shown.split("..."))
    return re.fullmatch(rf"(?s){pattern}\s*", printed.strip()) is not None


def _run(command: str, folder: Path) -> str:
    """Output and talk of a command as a terminal shows them; the command must succeed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.tf
def test_the_quickstart_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFJOB_KIT_STATE_DIR", str(tmp_path / "state"))
    steps = _steps("quickstart.md")
    assert len(steps) > 6

    for step in steps:
        printed = _run(step.command, tmp_path)
        assert _matches(step.shown, printed), (
            f"$ {step.command}\n{printed}\n--- the page says ---\n{step.shown}"
        )


def test_shown_text_matches_with_anything_for_the_dots() -> None:
    assert _matches("a ...\nlast", "a b\nc\nlast\n")
    assert not _matches("a ...\nlast", "a b\nc\n")
    assert not _matches("a", "a b")
