"""TFJobs as the kit makes them, for tests of what is read back from them."""

from __future__ import annotations

from typing import Any

from tfjob_kit import config, manifest, plan


def planned_job(*overrides: str, name: str = "train") -> dict[str, Any]:
    composed = config.compose(["model=digits_cnn", *overrides])
    return manifest.build_tfjob(plan.make_plan(composed.config, name=name, suffix="none"))
