"""Help, version, and what is imported for them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

import tfjob_kit

from .conftest import Check, Kit, Outcome

Here = Callable[..., Outcome]
VERBS = (
    (),
    ("run",),
    ("render",),
    ("lint",),
    ("list",),
    ("status",),
    ("logs",),
    ("wait",),
    ("cancel",),
    ("suspend",),
    ("resume",),
    ("resize",),
    ("retry",),
    ("diff",),
    ("tensorboard",),
    ("completion",),
    ("config",),
    ("config", "show"),
    ("config", "options"),
    ("config", "schema"),
    ("config", "import-hydra"),
    ("version",),
)
_LOOK = """
import json, sys
from tfjob_kit.cli.__main__ import main
code = main(sys.argv[1:])
print("\\n" + json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def modules_after(kit: Kit, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, *arguments],
        cwd=kit.folder,
        env=kit.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert 0 == code, done.stderr
    return set(modules)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help(here: Here, verb: tuple[str, ...], same_as_golden: Check) -> None:
    shown = here(*verb, "--help")
    assert (0, "") == (shown.code, shown.err)
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    same_as_golden(f"help/{'-'.join(verb) or 'tfjob-kit'}.txt", shown.out)


def test_no_verb_shows_the_help(here: Here) -> None:
    assert here("--help").out == here().out


def test_version(here: Here) -> None:
    assert f"tfjob-kit {tfjob_kit.__version__}\n" == here("version").out == here("--version").out
    assert tfjob_kit.__version__ == here("version", "-o", "json").data["version"]


def test_help_imports_nothing_heavy(kit: Kit) -> None:
    loaded = modules_after(kit, "--help")
    heavy = {"rich", "yaml", "omegaconf", "kubernetes", "kubeflow", "tensorflow", "keras", "numpy"}
    assert set() == loaded & heavy


@pytest.mark.parametrize(
    "command",
    [
        ("render", "model=digits_cnn"),
        ("lint", "model=digits_cnn"),
        ("config", "show", "model=digits_cnn"),
        ("config", "options", "model"),
        ("config", "schema", "model"),
        ("run", "model=digits_cnn", "gpus=0", "--name", "x", "--dry-run", "--engine", "local"),
        ("version",),
        ("completion", "bash"),
    ],
    ids=" ".join,
)
def test_what_asks_no_cluster_imports_no_kubernetes_and_no_tensorflow(
    kit: Kit, command: tuple[str, ...]
) -> None:
    loaded = modules_after(kit, *command)
    assert set() == loaded & {"kubernetes", "kubeflow", "tensorflow", "keras", "numpy", "rich", "urllib3"}
