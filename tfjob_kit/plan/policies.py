"""What the operator does when a replica ends."""

from __future__ import annotations

from tfjob_kit import errors
from tfjob_kit.config import schema

__all__ = ["check_success_policy", "choose_backoff_limit", "choose_restart_policy"]

_TOLERATED_INCIDENTS = 3
_RESTARTING_IN_PLACE = ("OnFailure", "Always")


def choose_restart_policy(config: schema.RunConfig) -> str:
    """The policy as the API spells it.

    The shipped runtime maps what may be retried to 143, so ExitCode restarts exactly that. A program of the
    user's own ends with 1 when its peer is lost, which ExitCode would take for permanent: OnFailure.
    """
    if config.job.restart_policy is not schema.RestartPolicy.auto:
        return config.job.restart_policy.value
    return "OnFailure" if config.command else "ExitCode"


def choose_backoff_limit(config: schema.RunConfig, *, restart_policy: str, replicas: int) -> int | None:
    """Container restarts over all replicas before the job fails; None where the operator would not count.

    Where restarts happen in place and the config names no limit, it is room for three incidents of the whole
    job: one lost peer restarts every container once, and the operator fails the job when the sum reaches the
    limit (training-operator v1.9.4, pkg/core/job.go), hence the one above replicas x 3.
    """
    if config.job.backoff_limit is not None or restart_policy not in _RESTARTING_IN_PLACE:
        return config.job.backoff_limit
    return replicas * _TOLERATED_INCIDENTS + 1


def check_success_policy(config: schema.RunConfig) -> None:
    """Refuses a success policy: a job with a chief succeeds when its chief does, whatever is written.

    Every job of the kit has a chief (training-operator v1.9.4, tfjob_controller.go, UpdateJobStatus).

    Raises:
        RefusedError: One is set.
    """
    if config.job.success_policy is not None:
        raise errors.RefusedError(
            "the job has a chief, and succeeds when the chief does: the operator ignores a success policy",
            where="job.success_policy",
            hint="drop it; where all workers must succeed, let the chief wait for them",
        )
