"""What is left of a job that has finished: pods, logs, status."""

from __future__ import annotations

from collections.abc import Iterator

from tfjob_kit.lint.job import Job
from tfjob_kit.lint.rule import Hit, Rule, Set, Severity
from tfjob_kit.lint.spelling import nearest_value

__all__ = ["RULES"]

_POLICIES = ("None", "Running", "All")
_SHORT_TTL_SECONDS = 300
"""Below it a person who is called does not arrive in time; a scraper of logs may not either."""
_GPU_TTL_SECONDS = 3600
"""Up to it GPUs that survivors hold come back soon enough to say nothing."""


def _unknown(job: Job) -> Iterator[Hit]:
    field = job.policy.at("cleanPodPolicy")
    if field.text is not None and field.text not in (*_POLICIES, ""):
        near = nearest_value(field.text, _POLICIES)
        yield Hit(
            field,
            f"`{field.text}` is no clean-up policy and acts as All: pods, Services and logs are deleted",
            fix=f"write `{near}`" if near else None,
            edits=(Set(path=field.path, value=near),) if near else (),
        )


def _none(job: Job) -> Iterator[Hit]:
    field, ttl = job.policy.at("cleanPodPolicy"), job.policy.at("ttlSecondsAfterFinished").integer
    # What stands in the old place is what was meant, and is moved here first.
    edits = () if job.spec.at("cleanPodPolicy").exists else (Set(path=field.path, value="Running"),)
    if field.value in (None, "None", "") and job.gpus and (ttl is None or ttl > _GPU_TTL_SECONDS):
        yield Hit(
            field,
            "after a failure the replicas that still run keep their GPUs",
            edits=edits,
        )


def _all(job: Job) -> Iterator[Hit]:
    field = job.policy.at("cleanPodPolicy")
    if field.value == "All":
        yield Hit(
            field,
            "every pod and its logs are deleted when the job has finished",
            edits=(Set(path=field.path, value="Running"),),
        )


def _evaluator(job: Job) -> Iterator[Hit]:
    if job.role("Evaluator") is None:
        return
    field = job.policy.at("cleanPodPolicy")
    if field.text in {"Running", "All"}:
        yield Hit(field, "the evaluator is deleted when the chief succeeds: its last evaluation is lost")
    else:
        yield Hit(field, "the evaluator runs on when the job has finished, and holds its resources for ever")


def _deadline(job: Job) -> Iterator[Hit]:
    field = job.policy.at("activeDeadlineSeconds")
    if field.exists:
        yield Hit(field, "the operator notices a deadline only when something else happens to the job")


def _ttl_unset(job: Job) -> Iterator[Hit]:
    field = job.policy.at("ttlSecondsAfterFinished")
    if not field.exists:
        yield Hit(field, "finished jobs and their pods pile up")


def _ttl_short(job: Job) -> Iterator[Hit]:
    ttl = job.policy.at("ttlSecondsAfterFinished").integer
    if ttl is not None and ttl < _SHORT_TTL_SECONDS:
        yield Hit(
            job.policy.at("ttlSecondsAfterFinished"),
            f"{ttl} s after its end the job is gone, with its status and logs, before anybody has read them",
        )


def _ttl_exit_code(job: Job) -> Iterator[Hit]:
    # The kit's own jobs have both on purpose. The case is rare, and `tfjob-kit list --state Failed` shows
    # what was left: saying it for each job would teach people to skip findings.
    field = job.policy.at("ttlSecondsAfterFinished")
    is_exit_code = any(role.restart_policy == "ExitCode" for role in job.roles)
    if field.exists and is_exit_code and not job.is_runtime and job.replicas > 1:
        yield Hit(
            field,
            "where a retryable and a permanent exit fall into one reconcile, the job has no completion "
            "time and is never deleted",
        )


RULES = (
    Rule(
        id="clean-policy-unknown",
        severity=Severity.error,
        title="a misspelt clean-up policy",
        check=_unknown,
        fix="clean-up policies are None, Running, All",
        source="seen on training-operator v1.9.4: `running` acts as All",
        good={"policy.cleanPodPolicy": "Running"},
        bad={"policy.cleanPodPolicy": "running"},
    ),
    Rule(
        id="clean-none",
        severity=Severity.warning,
        title="clean-up policy None, or none, with GPUs",
        check=_none,
        fix="write `cleanPodPolicy: Running`, or a short `ttlSecondsAfterFinished`",
        key_fix="use `job.clean_pod_policy=Running`",
        source="training-operator v1.9.4, pkg/controller.v1/common/job.go; the default is None",
        good={"policy.cleanPodPolicy": "Running"},
        bad={"policy.cleanPodPolicy": None},
    ),
    Rule(
        id="clean-all",
        severity=Severity.warning,
        title="clean-up policy All",
        check=_all,
        fix="write `cleanPodPolicy: Running`, or keep logs elsewhere",
        key_fix="use `job.clean_pod_policy=Running`",
        source="training-operator v1.9.4, pkg/controller.v1/common/job.go",
        good={"policy.cleanPodPolicy": "Running"},
        bad={"policy.cleanPodPolicy": "All"},
    ),
    Rule(
        id="evaluator-cleaned",
        severity=Severity.warning,
        title="an evaluator and the clean-up",
        check=_evaluator,
        fix="evaluate in the chief at the end, or let the evaluator end by itself under "
        "`cleanPodPolicy: None`",
        source="kubeflow/trainer issue 1658",
        good={},
        bad={"roles.Evaluator": {"replicas": 1, "restartPolicy": "OnFailure"}},
    ),
    Rule(
        id="deadline-quiet",
        severity=Severity.info,
        title="an active deadline",
        check=_deadline,
        fix="do not rely on it alone; a patch of the job makes the operator look",
        key_fix="do not rely on it alone; a patch of the job makes the operator look",
        source="kubeflow/trainer issue 3358",
        good={},
        bad={"policy.activeDeadlineSeconds": 7200},
    ),
    Rule(
        id="ttl-unset",
        severity=Severity.info,
        title="no time to live",
        check=_ttl_unset,
        fix="set `ttlSecondsAfterFinished`, e.g. 604800 for a week",
        key_fix="set `job.ttl`, e.g. `job.ttl=7d`",
        source="training-operator v1.9.4: unset means never",
        good={"policy.ttlSecondsAfterFinished": 604800},
        bad={"policy.ttlSecondsAfterFinished": None},
    ),
    Rule(
        id="ttl-short",
        severity=Severity.warning,
        title="a time to live of less than five minutes",
        check=_ttl_short,
        fix="give it an hour or more",
        key_fix="set `job.ttl=1h` or more",
        source="training-operator v1.9.4: the job, its pods and their logs are deleted",
        good={"policy.ttlSecondsAfterFinished": 3600},
        bad={"policy.ttlSecondsAfterFinished": 30},
    ),
    Rule(
        id="ttl-exit-code",
        severity=Severity.info,
        title="a time to live under ExitCode",
        check=_ttl_exit_code,
        fix="delete what is left by hand, or write `restartPolicy: OnFailure`",
        source="seen on training-operator v1.9.4: Restarting and Failed both True, no completionTime",
        good={"policy.ttlSecondsAfterFinished": 604800},
        bad={"each.restartPolicy": "ExitCode", "policy.backoffLimit": None},
    ),
)
