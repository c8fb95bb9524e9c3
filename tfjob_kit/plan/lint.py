"""Semantic mistakes that this config can express, found before anything is sent.

Owns the rules and their texts. A rule of severity `error` stops the plan; the others are for the user to
read. Facts behind the rules: training-operator v1.9.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.job_plan import JobPlan
from tfjob_kit.plan.quantities import parse_quantity

__all__ = ["Finding", "lint_plan", "refuse_errors"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One semantic mistake.

    Attributes:
        rule: Stable id, e.g. `shm-exceeds-memory`.
        where: Config key.
        what: One sentence, no full stop at the end.
        fix: What to write instead.
    """

    rule: str
    severity: Literal["error", "warning"]
    where: str
    what: str
    fix: str


def lint_plan(config: schema.RunConfig, *, plan: JobPlan) -> tuple[Finding, ...]:
    """Everything that the rules find, errors first."""
    found = [finding for rule in _RULES for finding in rule(config, plan)]
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


def refuse_errors(findings: tuple[Finding, ...]) -> None:
    """Raises RefusedError for the first finding of severity `error`; its hint is the fix."""
    for finding in findings:
        if finding.severity == "error":
            raise errors.RefusedError(finding.what, where=finding.where, hint=finding.fix)


def _shared_memory(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    shared, memory = config.resources.shared_memory, config.resources.memory
    key = "resources.shared_memory"
    if parse_quantity(shared, key=key) >= parse_quantity(memory, key="resources.memory"):
        yield Finding(
            rule="shm-exceeds-memory",
            severity="error",
            where=key,
            what=f"/dev/shm of {shared} counts in the memory of {memory} and leaves nothing to train with",
            fix="raise `resources.memory` or lower `resources.shared_memory`",
        )
    elif plan.topology.gpus and not parse_quantity(shared, key=key):
        yield Finding(
            rule="no-shm",
            severity="warning",
            where=key,
            what="without it NCCL has the 64 MB of the container runtime and may fail with `no space left`",
            fix="keep `resources.shared_memory` at 1Gi or more where there are GPUs",
        )


def _backoff_limit(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    limit, policy, key = config.job.backoff_limit, plan.restart_policy, "job.backoff_limit"
    if limit is None:
        return
    if policy == "ExitCode" and limit >= 1:
        yield Finding(
            rule="backoff-exit-code",
            severity="error",
            where=key,
            what="under restart policy ExitCode pods are made anew and their restarts count from 0: "
            f"a limit of {limit} would never be reached",
            fix="drop it (the shipped runtime bounds its restarts: `train.restarts_without_progress`), "
            "or set `job.restart_policy=OnFailure`",
        )
    elif policy == "Never":
        yield Finding(
            rule="backoff-never",
            severity="warning",
            where=key,
            what="it has no effect under restart policy Never: the first failed pod fails the job",
            fix="set `job.restart_policy=OnFailure`",
        )
    elif limit <= plan.topology.replicas and plan.topology.replicas > 1:
        yield Finding(
            rule="backoff-one-incident",
            severity="warning",
            where=key,
            what=f"one lost replica restarts all {plan.topology.replicas} containers: "
            f"{limit} restarts are one incident",
            fix=f"replicas x incidents + 1, e.g. `job.backoff_limit={plan.topology.replicas * 3 + 1}`",
        )


def _restart_policy(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    key = "job.restart_policy"
    if plan.restart_policy == "Always":
        yield Finding(
            rule="restart-always",
            severity="error",
            where=key,
            what="under restart policy Always a replica that is done starts again: the job never finishes",
            fix="set `job.restart_policy=OnFailure`",
        )
    elif plan.restart_policy == "ExitCode" and config.command:
        yield Finding(
            rule="exit-code-own-command",
            severity="warning",
            where=key,
            what="a replica that loses its peer ends with 1, which ExitCode takes for permanent",
            fix="end with 143 what may be tried again, or set `job.restart_policy=OnFailure`",
        )
    elif plan.restart_policy == "Never" and plan.topology.replicas > 1:
        yield Finding(
            rule="restart-never",
            severity="warning",
            where=key,
            what=f"the first transient failure of any of {plan.topology.replicas} replicas ends the job",
            fix="leave `job.restart_policy=auto`",
        )


def _clean_pod_policy(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    if plan.clean_pod_policy == "All":
        yield Finding(
            rule="clean-all",
            severity="warning",
            where="job.clean_pod_policy",
            what="every pod and its logs are deleted when the job has finished",
            fix="use `job.clean_pod_policy=Running`",
        )
    elif plan.clean_pod_policy == "None" and plan.topology.gpus:
        yield Finding(
            rule="clean-none",
            severity="warning",
            where="job.clean_pod_policy",
            what="after a failure the replicas that still run keep their GPUs",
            fix="use `job.clean_pod_policy=Running`",
        )


def _queue(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    if plan.queue and plan.suspend:
        yield Finding(
            rule="queue-suspend",
            severity="warning",
            where="job.suspend",
            what=f"the queue `{plan.queue}` suspends and resumes the job itself",
            fix="drop `job.suspend`",
        )


def _host_paths(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    for mount in plan.chief.mounts:
        if "hostPath" in mount.source:
            yield Finding(
                rule="host-path",
                severity="warning",
                where=f"volumes.{mount.name}.host_path",
                what="clusters that enforce pod security refuse hostPath volumes, and only events say so",
                fix=f"use `volumes.{mount.name}.claim` where the namespace enforces it",
            )


def _communication(config: schema.RunConfig, plan: JobPlan) -> Iterator[Finding]:
    for name, _ in plan.chief.env:
        if name in {"NCCL_ALGO", "NCCL_PROTO"}:
            yield Finding(
                rule="nccl-fixed",
                severity="warning",
                where=name,
                what=f"`{name}` takes NCCL's choice away and may be slow, crash or hang",
                fix=f"remove `{name}` unless you have measured it",
            )


_RULES: tuple[Callable[[schema.RunConfig, JobPlan], Iterator[Finding]], ...] = (
    _shared_memory,
    _backoff_limit,
    _restart_policy,
    _clean_pod_policy,
    _queue,
    _host_paths,
    _communication,
)
