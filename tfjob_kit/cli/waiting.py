"""`wait`, `cancel`: until it is over, or making it so."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, durations, engines, options

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef
    from tfjob_kit.jobs import JobView

__all__ = ["cancel", "wait"]

_EXIT_FAILED, _EXIT_OTHER, _EXIT_STOPPED = 100, 101, 103


def wait(
    name: options.JobName,
    until: options.Until = "Finished",
    timeout: options.Timeout = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    output: options.Output = "text",
) -> int:
    """Wait until a job is in a state.

    Exit code: 0 the state is reached (with Finished: Succeeded), 100 Failed, 103 deleted or suspended,
    124 timeout.
    """
    cluster, _ = engines.connect(engine)
    ref = engines.job_ref(cluster, name, namespace)
    seconds = None if timeout is None else durations.parse_seconds(timeout, flag="--timeout")
    view = _await(cluster, ref, until=until, seconds=seconds)
    _show(cluster, ref, output)
    return _judge(view, until)


def cancel(
    names: options.JobNames,
    yes: options.Yes = False,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    output: options.Output = "text",
) -> None:
    """End jobs and delete them, with their pods and logs."""
    from tfjob_kit import jobs

    cluster, _ = engines.connect(engine)
    refs = [engines.job_ref(cluster, name, namespace) for name in dict.fromkeys(names)]
    for ref in refs:
        cluster.get(ref)
    _confirm(refs, yes=yes)
    for ref in refs:
        jobs.cancel_job(cluster, ref)
        _show_cancelled(ref, output)


def _await(cluster: Cluster, ref: JobRef, *, until: str, seconds: int | None) -> JobView:
    from tfjob_kit import jobs
    from tfjob_kit.cli import following

    stop = threading.Event()
    timer = threading.Timer(seconds if seconds is not None else threading.TIMEOUT_MAX, stop.set)
    timer.daemon = True
    timer.start()
    try:
        with following.leaving(ref):
            view = jobs.wait_for(cluster, ref, until=_condition(until), stop=stop)
    finally:
        timer.cancel()
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


def _show_cancelled(ref: JobRef, output: str) -> None:
    if output == "json":
        console.put_json({"job": ref.name, "namespace": ref.namespace, "cancelled": True}, indent=None)
    else:
        console.put(f"tfjob/{ref.name} cancelled")


def _confirm(refs: Sequence[JobRef], *, yes: bool) -> None:
    if yes:
        return
    what = f"{len(refs)} job{'s' if len(refs) > 1 else ''} of namespace {refs[0].namespace}"
    listed = ", ".join(ref.name for ref in refs)
    if not sys.stdin.isatty():
        raise errors.RefusedError(
            f"cancelling deletes {what} with pods, logs and all output that is in no claim: {listed}",
            hint="say so with --yes",
        )
    console.say(f"delete {what} with pods, logs and all output that is in no claim: {listed}")
    if input("go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise errors.RefusedError("nothing was cancelled")
