"""`retry`: another attempt at a job that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, deadlines, durations, engines, options, pausing

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef, Object
    from tfjob_kit.jobs.retry import Attempt

__all__ = ["retry"]


def retry(
    name: options.JobName,
    dry_run: options.DryRun = False,
    timeout: options.PodTimeout = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """Start a failed job again from its last checkpoint.

    The attempt is a job of its own, NAME-2, NAME-3, ..., with the same config and code. It begins at step 0
    where the output ended with the pods. Waits until the pods of the failed job have ended, since they may
    still be saving.
    """
    from tfjob_kit import manifest
    from tfjob_kit.jobs import retry as retries

    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    job = cluster.get(ref)
    attempt = retries.next_attempt(job, companions=cluster.companions(ref))
    if dry_run:
        cluster.create(attempt.job, companions=attempt.companions, dry_run=True)
        console.put(manifest.dump(attempt.job, "json" if output == "json" else "yaml"))
        return
    seconds = pausing.patience(job, timeout)
    _await_end(cluster, ref, seconds=seconds)
    step = _last_step(cluster, ref)
    _submit(cluster, ref, attempt)
    if output == "json":
        pausing.put_json(attempt.ref, retry_of=name, attempt=attempt.number, checkpoint_step=step)
        return
    console.put(f"tfjob/{attempt.ref.name} created")
    console.say(f"attempt {attempt.number}: {_describe_start(cluster, job, step)}")
    console.say(f"follow it with `tfjob-kit logs {attempt.ref.name} --follow`")


def _submit(cluster: Cluster, ref: JobRef, attempt: Attempt) -> None:
    import secrets

    from tfjob_kit import jobs

    try:
        jobs.submit(cluster, attempt.job, submission=secrets.token_hex(8), companions=attempt.companions)
    except errors.JobExists as error:
        other = attempt.ref.name
        error.message = f"attempt {attempt.number} of {ref.name} is there already: {other}"
        error.hint = f"`tfjob-kit status {other}` shows it; `tfjob-kit retry {other}` is the next attempt"
        raise


def _await_end(cluster: Cluster, ref: JobRef, *, seconds: int) -> None:
    from tfjob_kit.jobs import pods_gone

    with deadlines.stopping_after(seconds) as stop:
        if not pods_gone.wait_until_ended(cluster, ref, stop=stop):
            raise errors.RefusedError(
                f"pods of {ref.name} still run after {durations.span(seconds)} and may write its checkpoints",
                hint=f"`tfjob-kit status {ref.name}` shows them; delete them, or wait and retry",
            )


def _last_step(cluster: Cluster, ref: JobRef) -> int | None:
    """Step of the job's last checkpoint, as far as what is left of it says."""
    from tfjob_kit import jobs

    view = jobs.read_job(cluster, ref)
    words = view.leader.end.termination if view.leader and view.leader.end else None
    if words is not None and words.status == "stopped":
        return words.step
    step = view.progress.get("checkpoint_step")
    return int(step) if step else None


def _describe_start(cluster: Cluster, job: Object, step: int | None) -> str:
    from tfjob_kit.cli import going_on
    from tfjob_kit.jobs import output as outputs
    from tfjob_kit.jobs import view

    found = outputs.find_output(job, keeps_scratch=cluster.keeps_scratch)
    return going_on.describe_start(found, step=step, is_runtime=view.build_view(job).is_runtime)
