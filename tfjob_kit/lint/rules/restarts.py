"""What happens when a replica ends: restart policies and backoff limits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfjob_kit.lint.job import Job, Role
from tfjob_kit.lint.rule import Hit, Remove, Rule, Set, Severity
from tfjob_kit.lint.spelling import nearest_value

__all__ = ["RULES"]

_POLICIES = ("Never", "OnFailure", "Always", "ExitCode")
_COUNTED = ("OnFailure", "Always")
_PREEMPTION = re.compile(r"PreemptionCheckpointHandler|preemption[-_]?checkpoint", re.IGNORECASE)


def _unknown(job: Job) -> Iterator[Hit]:
    for role in job.roles:
        field = role.part.at("restartPolicy")
        if field.text is not None and field.text not in _POLICIES:
            near = nearest_value(field.text, _POLICIES)
            yield Hit(
                field,
                f"`{field.text}` is no restart policy: every pod is refused, the status stays empty and only "
                "events tell",
                fix=f"write `{near}`" if near else None,
                edits=(Set(path=field.path, value=near),) if near else (),
            )


def _never(job: Job) -> Iterator[Hit]:
    if job.replicas < 2:
        return
    for role in job.roles:
        if role.restart_policy == "Never":
            yield Hit(
                role.part.at("restartPolicy"),
                f"the first transient failure of any of {job.replicas} replicas ends the job",
            )


def _always(job: Job) -> Iterator[Hit]:
    for role in job.trainers:
        field = role.part.at("restartPolicy")
        if field.value == "Always":
            yield Hit(
                field,
                "under restart policy Always a replica that is done starts again: the job never finishes",
                edits=(Set(path=field.path, value="OnFailure"),),
            )


def _limit(job: Job) -> int | None:
    return job.policy.at("backoffLimit").integer


def _has(job: Job, *policies: str) -> list[Role]:
    return [role for role in job.roles if role.restart_policy in policies]


def _backoff_exit_code(job: Job) -> Iterator[Hit]:
    limit, field = _limit(job), job.policy.at("backoffLimit")
    if limit is not None and limit >= 1 and _has(job, "ExitCode"):
        only = all(role.restart_policy == "ExitCode" for role in job.roles)
        yield Hit(
            field,
            "under restart policy ExitCode pods are made anew and their restarts count from 0: "
            f"a limit of {limit} would never be reached",
            edits=(Remove(path=field.path),) if only and job.is_runtime else (),
        )


def _backoff_zero(job: Job) -> Iterator[Hit]:
    if _limit(job) == 0 and _has(job, *_COUNTED, "ExitCode"):
        yield Hit(job.policy.at("backoffLimit"), "the first restart of any container fails the job")


def _backoff_one_incident(job: Job) -> Iterator[Hit]:
    limit = _limit(job)
    counted = sum(max(0, role.replicas) for role in _has(job, *_COUNTED))
    if limit is not None and 0 < limit <= counted and counted > 1:
        enough = counted * 3 + 1
        yield Hit(
            job.policy.at("backoffLimit"),
            f"one lost replica restarts all {counted} containers: {limit} restarts are one incident",
            fix=f"replicas x incidents + 1, e.g. `backoffLimit: {enough}`",
            key_fix=f"replicas x incidents + 1, e.g. `job.backoff_limit={enough}`",
        )


def _backoff_never(job: Job) -> Iterator[Hit]:
    field = job.policy.at("backoffLimit")
    if _limit(job) is not None and job.roles and all(r.restart_policy == "Never" for r in job.roles):
        yield Hit(
            field,
            "it has no effect under restart policy Never: the first failed pod fails the job",
            edits=(Remove(path=field.path),),
        )


def _backoff_missing(job: Job) -> Iterator[Hit]:
    if not job.policy.at("backoffLimit").exists and (roles := _has(job, "OnFailure")):
        example = sum(max(0, role.replicas) for role in roles) * 3 + 1
        yield Hit(
            job.policy.at("backoffLimit"),
            "a replica that always fails is restarted for ever",
            fix=f"set a limit: replicas x incidents + 1, e.g. `backoffLimit: {example}`",
            key_fix=f"set a limit: replicas x incidents + 1, e.g. `job.backoff_limit={example}`",
        )


def _exit_code_own(job: Job) -> Iterator[Hit]:
    if job.is_runtime or job.replicas < 2:
        return
    for role in job.trainers:
        if role.restart_policy == "ExitCode":
            yield Hit(
                role.part.at("restartPolicy"),
                "a replica that loses its peer ends with 1, which ExitCode takes for permanent",
            )


def _preemption(job: Job) -> Iterator[Hit]:
    for container in job.mains:
        if container.role.restart_policy != "ExitCode":
            continue
        for word in container.words:
            if _PREEMPTION.search(word.value) and "TerminationConfig" not in word.value:
                yield Hit(
                    word,
                    "PreemptionCheckpointHandler ends with 42, which ExitCode takes for permanent",
                )
                break


_OWN = {"each.restartPolicy": "ExitCode", "policy.backoffLimit": None}

RULES = (
    Rule(
        id="restart-policy-unknown",
        severity=Severity.error,
        title="a misspelt restart policy",
        check=_unknown,
        fix=f"restart policies are {', '.join(_POLICIES)}",
        source="seen on training-operator v1.9.4: FailedCreatePod, no condition at all",
        good={"each.restartPolicy": "OnFailure"},
        bad={"each.restartPolicy": "onFailure"},
    ),
    Rule(
        id="restart-always",
        severity=Severity.error,
        title="restart policy Always on a chief or worker",
        check=_always,
        fix="write `restartPolicy: OnFailure`",
        key_fix="set `job.restart_policy=OnFailure`",
        source="training-operator v1.9.4; the kubelet restarts exit code 0 too",
        good={"each.restartPolicy": "OnFailure"},
        bad={"each.restartPolicy": "Always"},
    ),
    Rule(
        id="restart-never",
        severity=Severity.warning,
        title="restart policy Never, or none, with several replicas",
        check=_never,
        fix="write `restartPolicy: OnFailure`, with a `backoffLimit`",
        key_fix="leave `job.restart_policy=auto`",
        source="training-operator v1.9.4, tensorflow_defaults.go: the default is Never",
        good={"each.restartPolicy": "OnFailure"},
        bad={"each.restartPolicy": None},
    ),
    Rule(
        id="backoff-exit-code",
        severity=Severity.error,
        title="a backoff limit under ExitCode",
        check=_backoff_exit_code,
        fix="write `restartPolicy: OnFailure`, or drop `backoffLimit` where the program bounds its restarts",
        key_fix="drop it (the shipped runtime bounds its restarts: `train.restarts_without_progress`), "
        "or set `job.restart_policy=OnFailure`",
        source="kubeflow/trainer issue 2045",
        good={"each.restartPolicy": "ExitCode", "policy.backoffLimit": None},
        bad={"each.restartPolicy": "ExitCode", "policy.backoffLimit": 3},
    ),
    Rule(
        id="backoff-zero",
        severity=Severity.warning,
        title="a backoff limit of 0",
        check=_backoff_zero,
        fix="replicas x incidents + 1",
        key_fix="leave `job.backoff_limit` out, or set it to replicas x incidents + 1",
        source="training-operator v1.9.4, pkg/core/job.go, PastBackoffLimit",
        good={"policy.backoffLimit": 13},
        bad={"policy.backoffLimit": 0},
    ),
    Rule(
        id="backoff-one-incident",
        severity=Severity.warning,
        title="a backoff limit that one incident uses up",
        check=_backoff_one_incident,
        fix="replicas x incidents + 1",
        source="training-operator v1.9.4, pkg/core/job.go: restarts of all containers are summed",
        good={"policy.backoffLimit": 13},
        bad={"policy.backoffLimit": 4},
    ),
    Rule(
        id="backoff-never",
        severity=Severity.warning,
        title="a backoff limit under Never",
        check=_backoff_never,
        fix="remove it, or write `restartPolicy: OnFailure`",
        key_fix="set `job.restart_policy=OnFailure`",
        source="training-operator v1.9.4, pkg/core/job.go: roles with Never are not counted",
        good={"each.restartPolicy": "OnFailure", "policy.backoffLimit": 13},
        bad={"each.restartPolicy": "Never", "policy.backoffLimit": 3},
    ),
    Rule(
        id="backoff-missing",
        severity=Severity.warning,
        title="OnFailure without a backoff limit",
        check=_backoff_missing,
        fix="set a limit",
        source="training-operator v1.9.4: backoffLimit is unlimited unless set",
        good={"policy.backoffLimit": 13},
        bad={"policy.backoffLimit": None},
    ),
    Rule(
        id="exit-code-own-command",
        severity=Severity.warning,
        title="ExitCode with a program of one's own",
        check=_exit_code_own,
        fix="end with 143 what may be tried again, or write `restartPolicy: OnFailure`",
        key_fix="end with 143 what may be tried again, or set `job.restart_policy=OnFailure`",
        source="TensorFlow 2.21: peers of a killed worker raise and exit 1; training-operator v1.9.4: "
        "1 to 127 is permanent",
        good={"each.restartPolicy": "OnFailure"},
        bad=_OWN,
    ),
    Rule(
        id="preemption-exit",
        severity=Severity.warning,
        title="PreemptionCheckpointHandler under ExitCode",
        check=_preemption,
        fix="pass `TerminationConfig(exit_fn=...)` that ends with 143",
        source="TensorFlow 2.21, failure_handling.py: restart code 42 outside Google Compute Engine",
        good={**_OWN, "main.args": ["--checkpoint=manager"]},
        bad={**_OWN, "main.args": ["--checkpoint=PreemptionCheckpointHandler"]},
    ),
)
