"""The wheel, built once, and an environment that holds it and the launcher's locked set alone."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def tools() -> dict[str, Any]:
    """The names of scripts/environment.py: the uv of this checkout and the settings it runs with."""
    return runpy.run_path(str(ROOT / "scripts" / "environment.py"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tfjob_kit-*.whl, as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    [found] = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(tools: dict[str, Any], wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with requirements/launcher.txt, checked by hash, and the wheel."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    environment = {**tools["uv_environment"](), "VIRTUAL_ENV": str(venv)}

    def uv(*arguments: str) -> None:
        command = [tools["UV"], *arguments, "--quiet"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    uv("venv", "--python", sys.executable, str(venv))
    uv("pip", "install", "--require-hashes", "-r", str(ROOT / "requirements" / "launcher.txt"))
    uv("pip", "install", "--no-deps", "--no-index", str(wheel))
    return venv


@pytest.fixture
def run(installed: Path, tmp_path: Path, home: Path) -> Run:
    """Runs a program of the environment in an empty folder, under a bare environment."""

    def run_(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(installed / "bin" / program), *arguments]
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run_
