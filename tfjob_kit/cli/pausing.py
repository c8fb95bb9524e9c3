"""`suspend`, `resume`: a job without pods that goes on later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import asking, console, deadlines, durations, engines, interrupts, options

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef, Object
    from tfjob_kit.jobs.output import Output

__all__ = [
    "patience",
    "put_json",
    "resume",
    "staying_suspended",
    "suspend",
    "too_long",
    "warn_of_loss",
]

_MARGIN_SECONDS = 60
"""Beyond the grace period: an operator and a kubelet that are busy."""


def suspend(
    name: options.JobName,
    yes: options.Yes = False,
    no_wait: options.NoWait = False,
    timeout: options.PodTimeout = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """Take a job's pods away until it is resumed.

    Its replicas save first; then pods and logs are deleted and the GPUs are free. Waits until that is so.
    """
    from tfjob_kit.jobs import suspension

    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    job = cluster.get(ref)
    seconds = patience(job, timeout)
    if not suspension.is_asked_to_suspend(job):
        warn_of_loss(cluster, ref, job, verb="suspending", yes=yes)
    step, is_new = None, False

    def ask() -> None:
        nonlocal is_new
        is_new = suspension.suspend_job(cluster, ref)
        if output == "text":
            shown = "suspended" if is_new else "unchanged: it is suspended already"
            console.put(f"tfjob/{name} {shown}")
        if not no_wait and cluster.pods(ref):
            gone = "pods" if cluster.keeps_scratch else "pods and their logs"
            console.say(f"its replicas save, then its {gone} go: at most {durations.span(seconds)}")

    if no_wait:
        ask()
    else:
        step = _await_rest(cluster, ref, ask, seconds=seconds) or suspension.saved_step(cluster.get(ref))
        saved = "" if step is None else f"it has saved step {step}; "
        console.say(f"{saved}`tfjob-kit resume {name}` lets it go on")
    if output == "json":
        put_json(ref, suspended=True, changed=is_new, saved_step=step)


def resume(
    name: options.JobName,
    timeout: options.PodTimeout = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """Let a suspended job go on from its last checkpoint.

    Waits until the pods it had before are gone: the operator fails a job that is resumed earlier.
    """
    from tfjob_kit.cli import going_on
    from tfjob_kit.jobs import output as outputs
    from tfjob_kit.jobs import suspension, view

    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    job = cluster.get(ref)
    seconds = patience(job, timeout)
    with deadlines.stopping_after(seconds) as stop, staying_suspended(f"tfjob-kit resume {name}"):
        is_new = suspension.resume_job(cluster, ref, stop=stop)
    if is_new is None:
        raise too_long(name, seconds, again=f"tfjob-kit resume {name}")
    step = suspension.saved_step(job)
    if output == "json":
        put_json(ref, suspended=False, changed=is_new, saved_step=step)
        return
    console.put(f"tfjob/{name} resumed" if is_new else f"tfjob/{name} unchanged: it is not suspended")
    if is_new:
        found = outputs.find_output(job, keeps_scratch=cluster.keeps_scratch)
        is_runtime = view.build_view(job).is_runtime
        console.say(going_on.describe_start(found, step=step, is_runtime=is_runtime))


def patience(job: Object, timeout: str | None) -> int:
    """Seconds to wait for the job's pods to end: `--timeout`, else their grace period and a minute."""
    from tfjob_kit.jobs import pods_gone

    if timeout is not None:
        return durations.parse_seconds(timeout, flag="--timeout")
    return pods_gone.longest_grace(job) + _MARGIN_SECONDS


def _await_rest(cluster: Cluster, ref: JobRef, ask: Callable[[], None], *, seconds: int) -> int | None:
    """Has the job suspended and waits until it has no pods; the step that it saved, if it said so.

    Raises:
        WaitTimeout: Its pods are still ending.
    """
    from tfjob_kit.jobs import suspension

    with deadlines.stopping_after(seconds) as stop, staying_suspended(f"tfjob-kit suspend {ref.name}"):
        words = suspension.wait_for_rest(cluster, ref, stop=stop, begin=ask)
    if words is None:
        raise too_long(ref.name, seconds, again=f"tfjob-kit suspend {ref.name}")
    return words.saved_step


def warn_of_loss(cluster: Cluster, ref: JobRef, job: Object, *, verb: str, yes: bool) -> Output:
    """Asks before the output of a job goes with its pods; returns where the output is.

    Raises:
        RefusedError: The person does not want that, or nobody can be asked.
    """
    from tfjob_kit.jobs import output as outputs

    found = outputs.find_output(job, keeps_scratch=cluster.keeps_scratch)
    if found.survives is False and cluster.pods(ref):
        lost = f"{verb} {ref.name} loses what it has trained: {found.text}"
        asking.confirm(lost, yes=yes, declined="nothing was changed")
    return found


@contextlib.contextmanager
def staying_suspended(command: str) -> Generator[None]:
    """Says how to finish when Ctrl-C, SIGTERM or a lost cluster ends what stands inside."""
    way_out = f"the job stays suspended; `{command}` goes on from there"
    try:
        yield
    except (KeyboardInterrupt, interrupts.Terminated):
        console.say(f"\n{way_out}")
        raise
    except errors.JobNotFound:
        raise
    except errors.ClusterError as error:
        error.hint = f"{error.hint}\n{way_out}" if error.hint else way_out
        raise


def put_json(ref: JobRef, **fields: object) -> None:
    """One line of JSON about a change."""
    console.put_json({"job": ref.name, "namespace": ref.namespace, **fields}, indent=None)


def too_long(name: str, seconds: int, *, again: str) -> errors.WaitTimeout:
    """The error for pods that have not ended in time; `again` is the command that waits once more."""
    return errors.WaitTimeout(
        f"pods of {name} are still there after {durations.span(seconds)}; it stays suspended",
        hint=f"`tfjob-kit status {name}` shows them; `{again}` waits again",
    )
