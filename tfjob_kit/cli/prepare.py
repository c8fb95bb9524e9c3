"""From overrides to the manifest: the steps that `render` and `run` share, nothing sent.

Owns their order and what comes from outside: the working directory and the random letters of a name.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit.cli import console

if TYPE_CHECKING:
    from tfjob_kit.config.schema import RunConfig
    from tfjob_kit.plan.job_plan import JobPlan

__all__ = ["Prepared", "compose", "prepare"]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels: a random name never spells a word (as Kubernetes' generateName does)."""
_SUFFIX_LENGTH = 5


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything known before anything is sent."""

    plan: JobPlan
    manifest: dict[str, Any]


def compose(overrides: Sequence[str], *, conf_dir: Path | None, namespace: str | None = None) -> RunConfig:
    """The composed config; warnings go to stderr, `--namespace` wins over the config's."""
    from tfjob_kit import config

    composed = config.compose(overrides, conf_dir=conf_dir, cwd=Path.cwd())
    for warning in composed.warnings:
        console.say(f"warning: {warning}")
    if namespace is None:
        return composed.config
    site = dataclasses.replace(composed.config.site, namespace=namespace)
    return dataclasses.replace(composed.config, site=site)


def prepare(
    overrides: Sequence[str],
    *,
    name: str | None,
    namespace: str | None,
    conf_dir: Path | None,
    default_namespace: str = "default",
) -> Prepared:
    """Plan and manifest of a run.

    Raises:
        ConfigError: The overrides or config files do not make a run.
        ModelError: The model's file is missing or has no `build`.
        RefusedError: The plan cannot work.
    """
    from tfjob_kit import config, manifest, plan

    run_config = compose(overrides, conf_dir=conf_dir, namespace=namespace)
    if not run_config.command:
        config.find_model(run_config.model.name, conf_dir=conf_dir, cwd=Path.cwd())
    job_plan = plan.make_plan(
        run_config, name=name, suffix=_suffix(), default_namespace=default_namespace
    )
    return Prepared(plan=job_plan, manifest=manifest.build_tfjob(job_plan))


def _suffix() -> str:
    return "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
