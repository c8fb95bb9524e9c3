"""TFJobs as the kit makes them, for tests of what is read back from them."""

from __future__ import annotations

from typing import Any

from tfjob_kit import config, manifest, plan


def planned_job(*overrides: str, name: str = "train") -> dict[str, Any]:
    return manifest.build_tfjob(_plan(overrides, name))


def planned_companions(*overrides: str, name: str = "train") -> tuple[dict[str, Any], ...]:
    return manifest.build_companions(_plan(overrides, name))


def _plan(overrides: tuple[str, ...], name: str) -> plan.JobPlan:
    composed = config.compose(["model=digits_cnn", *overrides])
    return plan.make_plan(composed.config, name=name, suffix="none")
