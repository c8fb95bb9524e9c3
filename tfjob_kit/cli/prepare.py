"""From overrides to the manifest: the steps that `render` and `run` share, nothing sent.

Owns their order and what comes from outside: the working directory and the random letters of a name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit.cli import console, engines

if TYPE_CHECKING:
    from tfjob_kit.config import Composed
    from tfjob_kit.config.schema import RunConfig
    from tfjob_kit.plan.job_plan import JobPlan

__all__ = ["Prepared", "compose", "in_namespace", "prepare"]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels: a random name never spells a word (as Kubernetes' generateName does)."""
_SUFFIX_LENGTH = 5


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything known before anything is sent."""

    plan: JobPlan
    manifest: dict[str, Any]

    @property
    def description(self) -> str:
        """`chief + 3 workers x 1 GPU = 4 GPUs · global batch 64 = 16 per GPU`."""
        from tfjob_kit import plan

        return plan.describe_plan(self.plan)


def compose(overrides: Sequence[str], *, conf_dir: Path | None) -> Composed:
    """The composed config of this directory; its warnings go to stderr."""
    from tfjob_kit import config

    composed = config.compose(overrides, conf_dir=conf_dir, cwd=Path.cwd())
    for warning in composed.warnings:
        console.warn(warning)
    return composed


def prepare(
    overrides: Sequence[str],
    *,
    name: str | None,
    namespace: str | None,
    conf_dir: Path | None,
    default_namespace: str = "default",
) -> Prepared:
    """Plan and manifest of a run; what the plan's lint finds goes to stderr.

    Raises:
        ConfigError: The overrides or config files do not make a run.
        ModelError: The model's file is missing or has no `build`.
        RefusedError: The plan cannot work.
    """
    from tfjob_kit import config, manifest, plan

    run_config = in_namespace(namespace, compose(overrides, conf_dir=conf_dir).config)
    if not run_config.command:
        config.find_model(run_config.model.name, conf_dir=conf_dir, cwd=Path.cwd())
    job_plan = plan.make_plan(run_config, name=name, suffix=_suffix(), default_namespace=default_namespace)
    for finding in plan.lint_plan(run_config, plan=job_plan):
        console.warn(f"{finding.where}: {finding.what}; {finding.fix}")
    return Prepared(plan=job_plan, manifest=manifest.build_tfjob(job_plan))


def in_namespace(namespace: str | None, run_config: RunConfig) -> RunConfig:
    """The config as if it had named the namespace that the flag names."""
    if namespace is None:
        return run_config
    engines.check_name(namespace, what="a namespace")
    return dataclasses.replace(run_config, site=dataclasses.replace(run_config.site, namespace=namespace))


def _suffix() -> str:
    import secrets

    return "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
