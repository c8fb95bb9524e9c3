"""What was said and has no effect on this job, for people: nothing of it is a mistake by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from tfjob_kit import contract
from tfjob_kit.config import plain, schema
from tfjob_kit.plan.job_plan import JobPlan

__all__ = ["make_notes"]

_OF_THE_RUNTIME = ("model", "data", "train", "gpu_memory")
_OF_ITS_NETWORK = ("implementation", "bytes_per_pack", "heartbeat_timeout")


def make_notes(config: schema.RunConfig, *, plan: JobPlan, given: Iterable[str]) -> tuple[str, ...]:
    """One sentence each.

    Args:
        config: The run.
        plan: Its plan.
        given: Keys and groups that the user set for this very run, e.g. `train.steps`, `model`.
    """
    return (*_unread(config, given), *_without_workers(config, plan))


def _unread(config: schema.RunConfig, given: Iterable[str]) -> Iterator[str]:
    """Keys of the shipped runtime, where the user's own program runs."""
    if not config.command:
        return
    said = f"{' '.join(config.command)} {' '.join(config.env.values())}"
    keys = [key for key in dict.fromkeys(given) if _is_of_the_runtime(key) and not _is_in(key, config, said)]
    if keys:
        names = ", ".join(f"`{key}`" for key in keys)
        way_out = "`${" + _leaf(keys[0]) + "}` in the command hands it over"
        yield (
            f"{names}: the job runs a `command` of its own, which gets this in {contract.CONFIG_ENV} alone; "
            f"{way_out}"
        )


def _is_of_the_runtime(key: str) -> bool:
    first, _, rest = re.split(r"[/@]", key)[0].partition(".")
    return first in _OF_THE_RUNTIME or (first == "communication" and rest in _OF_ITS_NETWORK)


def _is_in(key: str, config: schema.RunConfig, said: str) -> bool:
    """Whether the program is told the value in other ways, most likely by an interpolation."""
    value: Any = plain.to_plain(config)
    for step in key.split("."):
        value = cast("dict[str, Any]", value).get(step) if isinstance(value, dict) else None
    return isinstance(value, (str, int, float)) and str(value) in said


def _leaf(key: str) -> str:
    return key if "." in key else f"{re.split(r'[/@]', key)[0]}.name"


def _without_workers(config: schema.RunConfig, plan: JobPlan) -> Iterator[str]:
    if plan.topology.workers:
        return
    for key, value in (
        ("resources.roles.worker", config.resources.roles.worker != schema.RoleResourcesConfig()),
        ("overlay.worker", config.overlay.worker),
    ):
        if value:
            yield f"`{key}` has no effect: the chief is alone, a job of this size has no workers"
