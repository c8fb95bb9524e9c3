"""From a plan to a job: look, show, ask, create.

Owns what is asked before: the job of that name, the cluster's capacity, the server's own check, the person.
With `--yes` no person is asked; with `--yes --detach` only the server is, by the creation itself.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console

if TYPE_CHECKING:
    from tfjob_kit.cli.prepare import Prepared
    from tfjob_kit.cluster.port import Cluster, JobRef, Object
    from tfjob_kit.jobs.events import Submitted
    from tfjob_kit.jobs.fit import Fit

__all__ = ["AlreadyThere", "propose", "send"]


class AlreadyThere(Exception):
    """Not an error: the job runs already, with this config and code.

    Attributes:
        ref: The job.
        state: What it does.
    """

    def __init__(self, ref: JobRef, state: str) -> None:
        super().__init__(ref.name)
        self.ref, self.state = ref, state


def propose(cluster: Cluster, prepared: Prepared, *, yes: bool, detach: bool = False) -> None:
    """Shows the plan, with what can be known before; asks on a terminal when a cluster is at stake.

    Args:
        cluster: The engine.
        prepared: The run.
        yes: No person is asked.
        detach: With `yes`: neither is the cluster, so that a submission is one request.

    Raises:
        AlreadyThere: This very run is there and has not ended.
        JobExists: Another job has the name.
        RefusedError: It can never fit, or the person declined.
        ClusterError: The server does not take it.
    """
    from tfjob_kit.cli import plan_screen

    is_cluster, looks = cluster.name != "local", not (yes and detach)
    if looks and prepared.is_named:
        _look(cluster, prepared)
    fit = _judge(cluster, prepared) if is_cluster and looks else None
    plan_screen.show_plan(prepared, cluster=cluster, fit=fit)
    if fit is not None and fit.verdict == "never":
        raise errors.RefusedError(f"the job can never run here: {fit.text}", hint=fit.hint)
    asks = is_cluster and not yes and sys.stdin.isatty()
    if asks or (is_cluster and prepared.companions):
        _checked(cluster, prepared)
    if asks:
        _ask()


def send(cluster: Cluster, prepared: Prepared) -> Submitted:
    """Creates the job and what it owns.

    Raises:
        AlreadyThere: This very run is there and has not ended.
        JobExists: Another job has the name.
        ClusterError: The server does not take it.
    """
    from tfjob_kit.jobs import submission

    try:
        return submission.submit(
            cluster, prepared.manifest, submission=os.urandom(8).hex(), companions=prepared.companions
        )
    except errors.JobExists as error:
        if error.existing is not None:
            _explain(error.existing, prepared)
        raise


def _look(cluster: Cluster, prepared: Prepared) -> None:
    """Whether the name is taken; one that is being deleted is the engine's to judge."""
    from tfjob_kit.cluster.port import JobRef

    try:
        existing = cluster.get(JobRef(namespace=prepared.plan.namespace, name=prepared.plan.name))
    except errors.JobNotFound:
        return
    if "deletionTimestamp" not in existing["metadata"]:
        _explain(existing, prepared)


def _explain(existing: Object, prepared: Prepared) -> None:
    """Raises what the job that is there means; nothing for one that this submission will complete."""
    from tfjob_kit.cluster.port import JobRef
    from tfjob_kit.jobs import taken

    found = taken.compare_with(existing, prepared.manifest)
    if found.is_same and found.is_incomplete:
        console.say(f"{found.view.ref.name} was left incomplete by an earlier run, which this one completes")
        return
    if found.is_same and not found.view.is_finished:
        ref = JobRef(namespace=found.view.ref.namespace, name=found.view.ref.name)
        raise AlreadyThere(ref, found.view.state)
    raise taken.explain_taken(found, existing=existing)


def _judge(cluster: Cluster, prepared: Prepared) -> Fit:
    from tfjob_kit.jobs import fit

    capacity = cluster.capacity(namespace=prepared.plan.namespace)
    return fit.judge_fit(prepared.manifest, capacity, autoscaling=prepared.config.site.autoscaling)


def _checked(cluster: Cluster, prepared: Prepared) -> None:
    """The server's own check of everything, nothing stored."""
    try:
        cluster.create(prepared.manifest, companions=prepared.companions, dry_run=True)
    except errors.JobExists as error:
        if error.existing is None:
            raise
        _explain(error.existing, prepared)


def _ask() -> None:
    console.ask("create it? [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise errors.RefusedError("nothing was created")
