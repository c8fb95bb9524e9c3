"""Overrides on a config that is resolved already."""

from __future__ import annotations

import pytest

from tfjob_kit import config, errors
from tfjob_kit.config.schema import RunConfig, Size

TEXTS = RunConfig(
    gpus=Size(replicas=2, per_replica=4),
    env={"A": "${not.an.interpolation}", "B": "1", "C": "yes"},
    command=["sh", "-c", "echo '$(x)'"],
)


def test_without_overrides_nothing_changes() -> None:
    assert TEXTS == config.amend(TEXTS, [])


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["gpus=2"], Size(replicas=2, per_replica=1)),
        (["gpus=2x2"], Size(replicas=2, per_replica=2)),
        (["gpus=1", "gpus=A100:8"], Size(replicas=8, per_replica=1, type="A100")),
    ],
)
def test_values_are_set(overrides: list[str], expected: Size) -> None:
    changed = config.amend(TEXTS, overrides)
    assert expected == changed.gpus
    assert TEXTS.env == changed.env


@pytest.mark.parametrize(
    ("override", "error", "message"),
    [
        ("gpus=two", errors.InvalidValue, "`gpus` must be a number of GPUs, not `two`"),
        ("gpuss=2", errors.UnknownChoice, "no key `gpuss`"),
        ("model=resnet50", errors.InvalidValue, "`model` holds keys of its own and takes no single value"),
        ("gpus", errors.OverrideError, "`gpus` has no value"),
    ],
)
def test_bad_overrides_are_named(override: str, error: type[errors.TfjobKitError], message: str) -> None:
    with pytest.raises(error) as caught:
        config.amend(TEXTS, [override])
    assert message in caught.value.message
    assert caught.value.where is not None
