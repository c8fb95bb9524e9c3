from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tfjob_kit import plan
from tfjob_kit.config import plain, schema


def _config(size: str | int = 2, **parts: Any) -> schema.RunConfig:
    gpus = plain.parse_size(str(size))
    assert gpus is not None
    start = schema.RunConfig(gpus=gpus, model=schema.ModelConfig(name="digits_cnn"))
    return dataclasses.replace(start, **parts)


@pytest.fixture
def make_config():
    """A config of that size; keyword arguments replace whole groups."""
    return _config


@pytest.fixture
def make():
    """The plan of a config made by the same arguments."""

    def build(size: str | int = 2, *, given: str | None = None, **parts: Any) -> plan.JobPlan:
        return plan.make_plan(_config(size, **parts), name=given, suffix="x7k2p", config_yaml="steps: 1\n")

    return build
