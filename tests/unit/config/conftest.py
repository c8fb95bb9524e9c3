"""A user's project on disk: config files by their path below the working directory."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

Project = Callable[[dict[str, str]], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes files (`model/a` becomes `conf/model/a.yaml`) and returns the working directory."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "conf" / f"{name}.yaml" if "." not in name else tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path

    return write
