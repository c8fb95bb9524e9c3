"""A user's project on disk: config files by their path below the working directory."""

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tfjob_kit import errors
from tfjob_kit.config import Composer
from tfjob_kit.config.files.search_path import SearchPath
from tfjob_kit.config.plain import to_plain

Project = Callable[[dict[str, str]], Path]
Table = Callable[[str, Sequence[Sequence[str]]], None]

# `make bench-properties`: so many examples of each property; the ordinary run has a few dozen.
settings.register_profile("properties", max_examples=10_000, deadline=None)

# Small files of every kind, for the tables of the contract; the shipped ones grow too often for them.
FILES = {
    "config": """
        defaults:
          - model: small
          - data: first
          - train: short
          - optional site: absent
          - _self_
        gpus: 1
    """,
    "model/small": "name: small\nparams:\n  width: 8\n  layers: [1, 2, 3]\n",
    "model/big": "defaults:\n  - override /data: second\nname: big\nparams:\n  width: 64\n  depth: 18\n",
    "data/first": "name: first\nparams: {size: 1}\n",
    "data/second": "name: second\nparams: {shape: 2}\n",
    "train/short": "steps: 10\n",
    "train/long": "defaults:\n  - optimizer: sgd\nsteps: 1000\n",
    "train/optimizer/sgd": "name: sgd\nlearning_rate: 0.1\n",
    "train/optimizer/adam": "name: adam\n",
    "gpu_memory/limit": "mode: limit\nlimit_mib: ???\n",
    "volumes/scratch": "scratch: {empty_dir: true, mount_path: /scratch}\n",
    "disk/fast": "empty_dir: true\nmount_path: /fast\n",
    "experiment/wide": """
        # @package _global_
        defaults:
          - override /model: big
        gpus: 2x4
        train:
          steps: 7
    """,
    "experiment/open": "# @package _global_\nname: ???\nmodel:\n  params:\n    width: ???\n",
    "experiment/lost": "# @package nowhere.at_all\nname: x\n",
    "experiment/unclosed": "# @package _global_\ngpus: [1\n",
    "experiment/tabbed": "# @package _global_\ntrain:\n\tsteps: 1\n",
    "experiment/yes": "# @package _global_\nname: yes\n",
    "experiment/octal": "# @package _global_\nenv: {MODE: 0777}\n",
    "experiment/clock": "# @package _global_\noutput:\n  dir: 22:22\n",
    "experiment/twice": "# @package _global_\ngpus: 1\ngpus: 2\n",
    "experiment/typed": '# @package _global_\ntrain: {steps: "4"}\n',
    "experiment/misspelt": "# @package _global_\ntrain:\n  stepz: 4\n",
    "experiment/absent": "# @package _global_\ndefaults:\n  - override /model: biig\n",
    "experiment/keyword": "# @package _global_\ndefaults:\n  - overide /model: big\n",
    "experiment/unlisted": "# @package _global_\ndefaults:\n  - override /volumes: scratch\n",
    "experiment/circle": "defaults: [circle]\n",
    "experiment/first_self": "# @package _global_\ndefaults: [_self_, {override /train: long}]\nname: a\n",
    "experiment/maybe": "# @package _global_\ndefaults:\n  - optional /volumes: absent\nname: maybe\n",
}


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


@pytest.fixture(scope="session")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    """Composes from FILES alone, without the shipped options."""
    folder = tmp_path_factory.mktemp("contract")
    files: dict[str, Path] = {}
    for name, text in FILES.items():
        files[name] = folder / "conf" / f"{name}.yaml"
        files[name].parent.mkdir(parents=True, exist_ok=True)
        files[name].write_text(textwrap.dedent(text).lstrip("\n"))
    return Composer(search_path=SearchPath(dirs=(folder / "conf",), files=files, cwd=folder))


@pytest.fixture
def same_as_table(composer: Composer, golden: Callable[[Path, str], None]) -> Table:
    """Compares the whole outcome of each row, a command line of its own, with a file of contract/."""

    def check(name: str, rows: Sequence[Sequence[str]]) -> None:
        text = "\n\n".join(f"$ {' '.join(map(ascii_only, row))}\n{outcome(composer, row)}" for row in rows)
        golden(Path(__file__).parent / "contract" / f"{name}.txt", text + "\n")

    return check


def ascii_only(text: str) -> str:
    return text if text.isprintable() and text.strip() == text and text else repr(text)


def outcome(composer: Composer, row: Sequence[str]) -> str:
    """The values that are not the base's, with their sources; or the whole error."""
    try:
        found, base = composer.compose(row), composer.compose([])
    except errors.TfjobKitError as error:
        return told(error)
    now, before = flat(to_plain(found.config)), flat(to_plain(base.config))
    changed = [key for key in {**before, **now} if now.get(key, "gone") != before.get(key, "gone")]
    sources = {key: source.text for key, source in found.sources.items()}
    lines = [
        f"{key} = {now[key]!r}  # {sources.get(key, '')}" if key in now else f"{key} gone" for key in changed
    ]
    return "\n".join([*lines, *(f"warning: {text}" for text in found.warnings)]) or "nothing changes"


def flat(value: Any, key: str = "") -> dict[str, Any]:
    """Leaves by dotted key."""
    below: list[tuple[str, Any]] = []
    if isinstance(value, dict) and value:
        below = [
            (f"{key}.{str(name).replace('.', chr(92) + '.')}".strip("."), v) for name, v in value.items()
        ]
    elif isinstance(value, list) and value:
        below = [(f"{key}[{index}]", v) for index, v in enumerate(value)]
    if not below:
        return {key: value}
    return {k: v for name, item in below for k, v in flat(item, name).items()}


def told(error: errors.TfjobKitError) -> str:
    """Class, exit code, message, place, the line with its caret, and the hint."""
    lines = [f"{type(error).__name__} {error.exit_code}: {error.message}", f"  {error.where}"]
    lines += [f"  | {line}" for line in (error.source or "").splitlines()]
    lines += [f"  > {line}" for line in (error.hint or "").splitlines()]
    return "\n".join(lines)
