"""`resize`: the same run on another number of GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, deadlines, engines, options, pausing

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef
    from tfjob_kit.jobs.resize import Resize

__all__ = ["resize"]


def resize(
    name: options.JobName,
    overrides: options.Overrides = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    timeout: options.PodTimeout = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """Give a job another number of GPUs or replicas.

    KEY=VALUE is the new size: gpus=2, gpus=2x4, or replicas=2 on CPU. The job saves, stops, and goes on with
    it. The global batch stays, so the run goes on along the same trajectory; a size that cannot divide it is
    refused before anything is touched.

    A job that was suspended before stays so and is resumed with the new size.
    """
    from tfjob_kit import manifest, plan
    from tfjob_kit.jobs import resize as resizes

    if not overrides:
        raise errors.UsageError("no new size", hint=f"tfjob-kit resize {name} gpus=2")
    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    job = cluster.get(ref)
    seconds = pausing.patience(job, timeout)
    planned = resizes.plan_resize(job, overrides)
    resizes.check_resize(cluster, planned)
    _check_fit(cluster, planned)
    console.say(f"now:  {plan.describe_plan(planned.before)}\nthen: {plan.describe_plan(planned.after)}")
    if dry_run:
        console.put(manifest.dump(planned.job, "json" if output == "json" else "yaml"))
    elif not planned.patch and not planned.is_begun:
        _show(ref, output, f"tfjob/{name} unchanged: it has that size", changed=False, saved_step=None)
    else:
        if not planned.stays_suspended:
            pausing.warn_of_loss(cluster, ref, job, verb="resizing", yes=yes)
        _carry_out(
            cluster,
            ref,
            planned,
            again=" ".join(["tfjob-kit resize", name, *overrides]),
            seconds=seconds,
            output=output,
        )


def _check_fit(cluster: Cluster, planned: Resize) -> None:
    from tfjob_kit.jobs import fit, job_config

    autoscaling = job_config.read_config(planned.job).site.autoscaling
    capacity = cluster.capacity(namespace=planned.after.namespace)
    found = fit.judge_fit(planned.job, capacity, autoscaling=autoscaling)
    if found.verdict == "never":
        raise errors.RefusedError(f"it can never run here with that size: {found.text}", hint=found.hint)


def _carry_out(
    cluster: Cluster, ref: JobRef, planned: Resize, *, again: str, seconds: int, output: str
) -> None:
    from tfjob_kit.cli import going_on
    from tfjob_kit.jobs import output as outputs
    from tfjob_kit.jobs import resize as resizes
    from tfjob_kit.jobs import view

    if not planned.stays_suspended:
        gone = "pods" if cluster.keeps_scratch else "pods and their logs"
        console.say(f"it is suspended: its replicas save, then its {gone} go")
    with deadlines.stopping_after(seconds) as stop, pausing.staying_suspended(again):
        step = resizes.resize_job(cluster, ref, planned, stop=stop)
    if step is None:
        raise pausing.too_long(ref.name, seconds, again=again)
    _show(ref, output, f"tfjob/{ref.name} resized", changed=True, saved_step=step or None)
    if planned.stays_suspended:
        console.say(f"it stays suspended; `tfjob-kit resume {ref.name}` lets it go on")
        return
    found = outputs.find_output(planned.job, keeps_scratch=cluster.keeps_scratch)
    is_runtime = view.build_view(planned.job).is_runtime
    console.say(going_on.describe_start(found, step=step or None, is_runtime=is_runtime))


def _show(ref: JobRef, output: str, text: str, *, changed: bool, saved_step: int | None) -> None:
    if output == "json":
        pausing.put_json(ref, resized=True, changed=changed, saved_step=saved_step)
    else:
        console.put(text)
