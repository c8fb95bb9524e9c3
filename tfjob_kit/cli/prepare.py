"""From overrides to the manifest: the steps that `render` and `run` share, nothing sent.

Owns their order and what comes from outside: the working directory and the random letters of a name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit import errors
from tfjob_kit.cli import console, engines, git_state
from tfjob_kit.cli import findings as lint_findings

if TYPE_CHECKING:
    from tfjob_kit.config import CodeBundle, Composed
    from tfjob_kit.config.schema import RunConfig
    from tfjob_kit.lint import Finding
    from tfjob_kit.plan import JobPlan

__all__ = ["Prepared", "compose", "in_namespace", "prepare"]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels: a random name never spells a word (as Kubernetes' generateName does)."""
_SUFFIX_LENGTH = 5


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything known before anything is sent.

    Attributes:
        companions: What the TFJob owns beside its pods.
        findings: What the lint has to say about the manifest.
        notes: What was said and has no effect on this job.
        is_named: The job's name was chosen, not made: another job may have it.
    """

    config: RunConfig
    plan: JobPlan
    manifest: dict[str, Any]
    companions: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    is_named: bool

    @property
    def description(self) -> str:
        """`chief + 3 workers x 1 GPU = 4 GPUs · global batch 64 = 16 per replica`."""
        from tfjob_kit import plan

        return plan.describe_plan(self.plan)

    def say_findings(self) -> None:
        """One line for each that a person should see, and for each note."""
        lint_findings.say(self.findings)
        for note in self.notes:
            console.say(f"note: {note}")


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
    force: bool = False,
) -> Prepared:
    """Plan, manifest and companions of a run.

    Args:
        overrides: As on the command line.
        name: Of the job.
        namespace: Of the job; wins over the config's.
        conf_dir: Searched first.
        default_namespace: Where the job goes when nothing names a namespace.
        force: What the lint calls an error does not stop it.

    Raises:
        ConfigError: The overrides or config files do not make a run.
        ModelError: The model's file is missing or has no `build`.
        RefusedError: The plan cannot work, or its code is too large; without `force`, the lint has an error.
    """
    with contextlib.closing(git_state.GitState(Path.cwd())) as git:
        composed = compose(overrides, conf_dir=conf_dir)
        composed = dataclasses.replace(composed, config=in_namespace(namespace, composed.config))
        made = _plan(
            composed,
            git,
            name=name,
            conf_dir=conf_dir,
            default_namespace=default_namespace,
            given=_given(overrides),
        )
    if not force:
        lint_findings.refuse(made.findings)
    return made


def _plan(
    composed: Composed,
    git: git_state.GitState,
    *,
    name: str | None,
    conf_dir: Path | None,
    default_namespace: str,
    given: tuple[str, ...],
) -> Prepared:
    from tfjob_kit import config, manifest, plan

    cwd, run_config = Path.cwd(), composed.config
    if not run_config.command:
        config.find_model(run_config.model.name, conf_dir=conf_dir, cwd=cwd)
    with _located(composed):
        job_plan = plan.make_plan(
            run_config,
            name=name,
            suffix=_suffix(),
            default_namespace=default_namespace,
            code=_code(run_config, conf_dir=conf_dir),
            git=git.read(),
        )
        job = manifest.build_tfjob(job_plan)
    return Prepared(
        config=run_config,
        plan=job_plan,
        manifest=job,
        companions=manifest.build_companions(job_plan),
        findings=lint_findings.find(job, composed),
        notes=plan.make_notes(run_config, plan=job_plan, given=given),
        is_named=name is not None or run_config.name is not None,
    )


def _given(overrides: Sequence[str]) -> tuple[str, ...]:
    """Keys and groups that the command line sets; they have been read before."""
    from tfjob_kit import config

    return tuple(config.parse_override(raw).key for raw in overrides)


@contextlib.contextmanager
def _located(composed: Composed) -> Generator[None]:
    """Errors about a key of the config say where it stands."""
    try:
        yield
    except errors.TfjobKitError as error:
        from tfjob_kit import config

        config.locate(error, composed.sources)
        raise


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
