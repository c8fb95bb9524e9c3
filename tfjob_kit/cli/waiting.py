"""`wait`: until it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, deadlines, durations, engines, options

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef
    from tfjob_kit.jobs import JobView

__all__ = ["wait"]

_EXIT_FAILED, _EXIT_OTHER, _EXIT_STOPPED = 100, 101, 103


def wait(
    name: options.JobName,
    until: options.Until = "Finished",
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> int:
    """Wait until a job is in a state.

    Exit code: 0 the state is reached (with Finished: Succeeded), 100 Failed, 103 deleted or suspended,
    124 timeout.
    """
    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    seconds = None if timeout is None else durations.parse_seconds(timeout, flag="--timeout")
    view = _await(cluster, ref, until=until, seconds=seconds)
    _show(cluster, ref, output)
    return _judge(view, until)


def _await(cluster: Cluster, ref: JobRef, *, until: str, seconds: int | None) -> JobView:
    from tfjob_kit import jobs
    from tfjob_kit.cli import following

    with deadlines.stopping_after(seconds) as stop, following.leaving(ref):
        view = jobs.wait_for(cluster, ref, until=_condition(until), stop=stop)
    if view is None:
        raise errors.WaitTimeout(
            f"{ref.name} is not {until} after {durations.span(seconds or 0)}",
            hint=f"it goes on; `tfjob-kit status {ref.name}` shows it",
        )
    return view


def _condition(until: str) -> Callable[[JobView], bool]:
    if until == "Finished":
        return lambda view: view.is_finished or view.is_parked
    return lambda view: view.state == until or view.is_finished or view.is_parked


def _show(cluster: Cluster, ref: JobRef, output: str) -> None:
    from tfjob_kit import jobs
    from tfjob_kit.cli import closing, job_json

    report = jobs.read_report(cluster, ref)
    if output == "json":
        console.put_json(job_json.report_object(report))
    else:
        console.put(closing.headline(report, now=datetime.now(UTC)))


def _judge(view: JobView, until: str) -> int:
    """0 when what was waited for has come; else what came instead."""
    if view.state == until:
        return 0
    if view.state == "Succeeded":
        return _EXIT_OTHER if until in {"Failed", "Suspended"} else 0
    return _EXIT_STOPPED if view.is_parked else _EXIT_FAILED
