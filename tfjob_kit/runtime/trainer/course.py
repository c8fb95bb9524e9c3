"""What a checkpoint and a config must agree about for training to go on.

Owns the comparison. Data order, batch and seed decide which examples a step sees: with other values the
resumed run would be neither the old one nor a new one, so they are refused. What only steers the steps
ahead is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfjob_kit.config import plain, schema

__all__ = ["Differences", "compare", "describe_course"]


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Keys that differ, as `key: was -> is`.

    Attributes:
        refused: The run cannot go on with these.
        told: It can.
    """

    refused: tuple[str, ...]
    told: tuple[str, ...]


def describe_course(config: schema.RunConfig) -> dict[str, dict[str, Any]]:
    """Plain values of the config by dotted key, as they are kept beside a checkpoint."""
    train = config.train
    fixed = {
        "model.name": config.model.name,
        "data.name": config.data.name,
        "data.params": config.data.params,
        "train.seed": train.seed,
        "train.global_batch_size": train.global_batch_size,
    }
    free = {
        "model.params": config.model.params,
        "train.steps": train.steps,
        "train.inner_steps": train.inner_steps,
        "train.precision": plain.to_plain(train.precision),
        "train.optimizer": plain.to_plain(train.optimizer),
        "train.schedule": plain.to_plain(train.schedule),
    }
    return {"fixed": fixed, "free": free}


def compare(saved: Mapping[str, Mapping[str, Any]], config: schema.RunConfig) -> Differences:
    """How the config differs from the one that a checkpoint was made with."""
    now = describe_course(config)
    return Differences(
        refused=_changes(saved.get("fixed", {}), now["fixed"]),
        told=_changes(saved.get("free", {}), now["free"]),
    )


def _changes(saved: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{key}: {saved[key]} -> {now[key]}" for key in now if key in saved and saved[key] != now[key]
    )
