"""The locked sets hold what pyproject.toml asks for, agree with each other, and name no package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WANTED = {
    "launcher": [],
    "train": PROJECT["project"]["optional-dependencies"]["train"],
    "train-cuda": [
        *PROJECT["project"]["optional-dependencies"]["train"],
        *PROJECT["project"]["optional-dependencies"]["cuda"],
    ],
    "dev": [
        *PROJECT["project"]["optional-dependencies"]["train"],
        *[each for each in PROJECT["dependency-groups"]["dev"] if isinstance(each, str)],
        *PROJECT["dependency-groups"]["build"],
        *PROJECT["build-system"]["requires"],
    ],
}
SETS = [*WANTED, "build", "uv"]


def _entries(name: str) -> list[str]:
    """One text per package: its line and the hashes below it, comments left out."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.split(r"\n(?=\S)", "\n".join(lines))


def _pins(name: str, python: str) -> dict[str, str]:
    """Package -> version, as installed on a Python of this version."""
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.9"}
    found = [Requirement(entry.split("\\")[0].strip()) for entry in _entries(name)]
    return {
        canonicalize_name(each.name): str(each.specifier).removeprefix("==")
        for each in found
        if each.marker is None or each.marker.evaluate(environment)
    }


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("name", WANTED)
def test_a_lock_holds_what_the_project_asks_for(name: str, python: str) -> None:
    pins = _pins(name, python)
    wanted = [Requirement(text) for text in [*PROJECT["project"]["dependencies"], *WANTED[name]]]

    missing = [
        str(each)
        for each in wanted
        if not each.specifier.contains(pins.get(canonicalize_name(each.name), "0"), prereleases=True)
    ]

    assert [] == missing, "run `make lock`"


@pytest.mark.parametrize("name", [name for name in SETS if name not in {"dev", "uv"}])
def test_locks_agree_with_the_set_that_tests_run_in(name: str) -> None:
    tested = _pins("dev", "3.11")

    different = {
        package: version
        for package, version in _pins(name, "3.11").items()
        if tested.get(package, version) != version
    }

    assert {} == different


@pytest.mark.parametrize("name", SETS)
def test_every_package_is_pinned_and_hashed(name: str) -> None:
    entry = re.compile(r"[a-z0-9.-]+==[^ ;]+( ; [^\\]+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+")

    assert [] == [text for text in _entries(name) if not entry.fullmatch(text)]


@pytest.mark.parametrize("name", SETS)
def test_no_lock_names_a_package_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()

    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host", text)


def test_the_launcher_has_no_tensorflow() -> None:
    assert not {"tensorflow", "keras", "numpy"} & set(_pins("launcher", "3.11"))
