"""The flags of this command stand in every command that a text shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tfjob_kit.cli import commands


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    commands.remember(engine=None, context=None, kubeconfig=None, namespace=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`tfjob-kit retry job-1` goes on", "`tfjob-kit retry job-1 -n team --context prod` goes on"),
        ("tfjob-kit logs a --follow", "tfjob-kit logs a -n team --context prod --follow"),
        (
            "next: tfjob-kit status a\n      tfjob-kit logs a",
            "next: tfjob-kit status a -n team --context prod\n      tfjob-kit logs a -n team --context prod",
        ),
        ("`tfjob-kit resize a gpus=2`", "`tfjob-kit resize a -n team --context prod gpus=2`"),
        ("`tfjob-kit list -A` shows them", "`tfjob-kit list -n team --context prod -A` shows them"),
        ("until `tfjob-kit resume`", "until `tfjob-kit resume`"),
        ("`tfjob-kit logs NAME --follow`", "`tfjob-kit logs NAME --follow`"),
        ("`tfjob-kit status --help` lists", "`tfjob-kit status --help` lists"),
        ("`tfjob-kit run model=x`", "`tfjob-kit run model=x`"),
    ],
)
def test_a_command_with_its_job_gets_the_flags(text: str, expected: str) -> None:
    commands.remember(engine=None, context="prod", kubeconfig=None, namespace="team")
    assert commands.complete(text) == expected


def test_a_path_is_quoted_for_the_shell() -> None:
    commands.remember(engine="kube", context=None, kubeconfig=Path("/my files/config"), namespace=None)
    assert (
        commands.complete("tfjob-kit status a")
        == "tfjob-kit status a --kubeconfig '/my files/config' --engine kube"
    )


def test_without_flags_the_text_stays_as_it_is() -> None:
    commands.remember(engine=None, context=None, kubeconfig=None, namespace=None)
    assert commands.complete("`tfjob-kit retry a`") == "`tfjob-kit retry a`"


def test_a_namespace_of_the_config_counts_as_a_flag() -> None:
    commands.remember(engine=None, context=None, kubeconfig=None, namespace=None)
    commands.remember_namespace("team")
    assert commands.complete("tfjob-kit status a") == "tfjob-kit status a -n team"
