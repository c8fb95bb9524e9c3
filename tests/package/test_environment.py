"""What stands before every make target: scripts/environment.py."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "environment.py"


def test_uv_gets_the_package_index_that_pip_is_set_to(tools: dict[str, Any], monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://more.example/simple")
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)

    environment = tools["uv_environment"]()

    assert "https://packages.example/simple" == environment["UV_DEFAULT_INDEX"]
    assert "https://more.example/simple" == environment["UV_INDEX"]


def test_settings_of_uv_itself_win(tools: dict[str, Any], monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")

    assert "https://own.example/simple" == tools["uv_environment"]()["UV_DEFAULT_INDEX"]


def test_a_python_that_is_too_old_is_named(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(SCRIPT), run_name="__main__")

    assert 2 == end.value.code
    assert "tfjob-kit needs 3.11 or newer" in capsys.readouterr().err


def test_an_unknown_verb_is_refused(tools: dict[str, Any], capsys) -> None:
    assert 2 == tools["main"](["upgrade"])
    assert "usage" in capsys.readouterr().err


def test_the_fingerprint_leaves_settings_of_tools_out(tools: dict[str, Any]) -> None:
    part = tools["package_part"]()

    assert "[project]" in part
    assert "[tool.ruff" not in part


def test_make_alone_lists_every_target() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in done.stdout.splitlines()}

    assert {"demo", "test", "lint", "format", "golden", "bench", "docs", "check", "lock"} <= listed
    assert {"wheel", "image", "image-check"} <= listed


def test_settings_in_the_files_of_pip_count_too(tools: dict[str, Any], home: Path, monkeypatch) -> None:
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    folder = home / ".config" / "pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text("[global]\nfind-links =\n  /srv/one\n  /srv/two\n")

    assert "/srv/one,/srv/two" == tools["uv_environment"]()["UV_FIND_LINKS"]
