"""From overrides to the manifest: the steps that `render` and `run` share, nothing sent.

Owns their order and what comes from outside: the working directory and the random letters of a name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit.cli import console, engines, git_state

if TYPE_CHECKING:
    from tfjob_kit.config import CodeBundle, Composed
    from tfjob_kit.config.schema import RunConfig
    from tfjob_kit.plan import Finding, JobPlan

__all__ = ["Prepared", "compose", "in_namespace", "prepare"]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels: a random name never spells a word (as Kubernetes' generateName does)."""
_SUFFIX_LENGTH = 5


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything known before anything is sent.

    Attributes:
        companions: What the TFJob owns beside its pods.
        findings: What the plan's lint has to say.
        is_named: The job's name was chosen, not made: another job may have it.
    """

    config: RunConfig
    plan: JobPlan
    manifest: dict[str, Any]
    companions: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    is_named: bool

    @property
    def description(self) -> str:
        """`chief + 3 workers x 1 GPU = 4 GPUs · global batch 64 = 16 per GPU`."""
        from tfjob_kit import plan

        return plan.describe_plan(self.plan)

    def say_findings(self) -> None:
        """One warning for each."""
        for finding in self.findings:
            console.warn(f"{finding.where}: {finding.what}; {finding.fix}")


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
    """Plan, manifest and companions of a run.

    Raises:
        ConfigError: The overrides or config files do not make a run.
        ModelError: The model's file is missing or has no `build`.
        RefusedError: The plan cannot work, or its code is too large.
    """
    with contextlib.closing(git_state.GitState(Path.cwd())) as git:
        run_config = in_namespace(namespace, compose(overrides, conf_dir=conf_dir).config)
        return _plan(run_config, git, name=name, conf_dir=conf_dir, default_namespace=default_namespace)


def _plan(
    run_config: RunConfig,
    git: git_state.GitState,
    *,
    name: str | None,
    conf_dir: Path | None,
    default_namespace: str,
) -> Prepared:
    from tfjob_kit import config, manifest, plan

    cwd = Path.cwd()
    if not run_config.command:
        config.find_model(run_config.model.name, conf_dir=conf_dir, cwd=cwd)
    job_plan = plan.make_plan(
        run_config,
        name=name,
        suffix=_suffix(),
        default_namespace=default_namespace,
        code=_code(run_config, conf_dir=conf_dir),
        git=git.read(),
    )
    return Prepared(
        config=run_config,
        plan=job_plan,
        manifest=manifest.build_tfjob(job_plan),
        companions=manifest.build_companions(job_plan),
        findings=plan.lint_plan(run_config, plan=job_plan),
        is_named=name is not None or run_config.name is not None,
    )


def _code(run_config: RunConfig, *, conf_dir: Path | None) -> CodeBundle | None:
    """The files that travel; what reads them is imported for them alone."""
    if run_config.code.mode.value == "image":
        return None
    from tfjob_kit import config

    return config.collect_code(run_config.code, cwd=Path.cwd(), conf_dir=conf_dir)


def in_namespace(namespace: str | None, run_config: RunConfig) -> RunConfig:
    """The config as if it had named the namespace that the flag names."""
    if namespace is None:
        return run_config
    engines.check_name(namespace, what="a namespace")
    return dataclasses.replace(run_config, site=dataclasses.replace(run_config.site, namespace=namespace))


def _suffix() -> str:
    # Not `secrets`, whose import costs 3 ms: nothing is guarded by these letters.
    return "".join(_SUFFIX_LETTERS[byte % len(_SUFFIX_LETTERS)] for byte in os.urandom(_SUFFIX_LENGTH))
