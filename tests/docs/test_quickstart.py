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
class File:
    """A block with a title: a file that the reader writes."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One `$ command` of a page and what the page shows below it."""

    command: str
    shown: str


def _read(page: str) -> list[File | Step]:
    found: list[File | Step] = []
    text = (DOCS / page).read_text()
    for language, title, body in re.findall(r'(?ms)^```(\w+)(?: title="(.*?)")?\n(.*?)^```$', text):
        if title:
            found.append(File(path=title, text=body))
        elif language == "console":
            parts = [part.partition("\n") for part in re.split(r"(?m)^\$ ", body) if part]
            found += [Step(command=command, shown=shown.strip()) for command, _, shown in parts]
    return found


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
@pytest.mark.slow  # a training run of half a minute
def test_the_quickstart_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFJOB_KIT_STATE_DIR", str(tmp_path / "state"))
    found = _read("quickstart.md")
    assert len(found) > 9

    for each in found:
        match each:
            case File(path=path, text=text):
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text)
            case Step(command=command, shown=shown):
                printed = _run(command, tmp_path)
                assert _matches(shown, printed), f"$ {command}\n{printed}\n--- the page says ---\n{shown}"


def test_shown_text_matches_with_anything_for_the_dots() -> None:
    assert _matches("a ...\nlast", "a b\nc\nlast\n")
    assert not _matches("a ...\nlast", "a b\nc\n")
    assert not _matches("a", "a b")
