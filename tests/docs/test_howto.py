"""The commands of the how-to pages render, and what a page shows behind a command is in what it rendered."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfjob_kit.cli.__main__ import main

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGES = (
    "evaluator-and-sidecars.md",
    "overlay.md",
    "own-program.md",
    "placement.md",
    "queues-and-gangs.md",
    "secrets.md",
    "storage.md",
)
_BLOCK = re.compile(r"(?ms)^```(bash|yaml)\n(.*?)^```$")


def _steps() -> list[tuple[str, str, Any]]:
    """Page, command, and the part of the pod that the page shows behind it."""
    found: list[tuple[str, str, Any]] = []
    for page in PAGES:
        blocks = _BLOCK.findall((HOWTO / page).read_text())
        for (language, text), following in zip(blocks, [*blocks[1:], ("", "")], strict=True):
            lines = text.replace("\\\n", " ").splitlines() if language == "bash" else []
            shown = yaml.safe_load(following[1]) if following[0] == "yaml" else None
            found += [(page, line, shown) for line in lines if line.startswith("tfjob-kit render")]
    return found


@pytest.fixture
def render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Any]:
    """Runs the command in an empty folder; fields of the job and, beside them, those of the chief's pod."""
    monkeypatch.chdir(tmp_path)

    def run(command: str) -> Any:
        code = main(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        assert 0 == code, err
        job = yaml.safe_load(out)
        return {**job, **job["spec"], **job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]}

    return run


@pytest.mark.parametrize(("page", "command", "shown"), _steps())
def test_a_command_makes_what_its_page_shows(
    render: Callable[[str], Any], page: str, command: str, shown: Any
) -> None:
    assert [] == list(_missing(shown, render(command), path=page))


def test_every_page_shows_something() -> None:
    assert set(PAGES) == {page for page, _, shown in _steps() if shown}


def _missing(shown: Any, made: Any, *, path: str) -> Any:
    """Where the page shows what was not made; items of lists are found by their name, others by place."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            yield from _missing(
                value, made.get(key) if isinstance(made, dict) else None, path=f"{path}.{key}"
            )
    elif isinstance(shown, list):
        items = made if isinstance(made, list) else []
        for number, item in enumerate(shown):
            same = [m for m in items if isinstance(m, dict) and isinstance(item, dict) and "name" in item]
            named = [m for m in same if m.get("name") == item["name"]]
            other = items[number] if number < len(items) else None
            yield from _missing(item, (named or [other])[0], path=f"{path}[{number}]")
    elif shown is not None and shown != made:
        yield f"{path}: {shown!r} is {made!r}"
