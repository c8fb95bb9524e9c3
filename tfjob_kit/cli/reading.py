"""`list`, `status`, `logs`: what is there now."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import commands, console, engines, options, roles, selecting

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef
    from tfjob_kit.jobs.events import LogLine
    from tfjob_kit.jobs.replica_view import ReplicaView

__all__ = ["list_jobs", "logs", "status"]

_EXIT_CODES = {"Succeeded": 0, "Failed": 100}
_EXIT_UNFINISHED = 101


def list_jobs(
    states: options.States = None,
    label: options.Label = None,
    namespace: options.Namespace = None,
    all_namespaces: options.AllNamespaces = False,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """List jobs, oldest first."""
    from tfjob_kit import jobs
    from tfjob_kit.cli import job_json, tables

    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    wanted = None if all_namespaces else namespace or cluster.default_namespace
    chosen, selector = selecting.parse_states(states), selecting.check_selector(label)
    views = jobs.list_jobs(cluster, namespace=wanted, selector=selector, states=chosen)
    if output == "json":
        console.put_json([job_json.summary_object(view) for view in views])
    elif views:
        console.put(tables.job_table(views, now=datetime.now(UTC), with_namespace=all_namespaces))
    else:
        what = "no jobs" if selector is None and not chosen else "no such jobs"
        console.say(what if wanted is None else f"{what} in namespace {wanted}")


def status(
    name: options.JobName,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> int:
    """Show one job: state, replicas, progress, events, verdict.

    Exit code: 0 Succeeded, 100 Failed, 101 not finished, 102 not found.
    """
    from tfjob_kit import jobs
    from tfjob_kit.cli import job_json, status_text

    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    report = jobs.read_report(cluster, engines.job_ref(cluster, name, namespace))
    if output == "json":
        console.put_json(job_json.report_object(report))
    else:
        console.put(commands.complete(status_text.render_status(report, now=datetime.now(UTC))))
    return _EXIT_CODES.get(report.view.state, _EXIT_UNFINISHED)


def logs(
    name: options.JobName,
    role: options.Role = None,
    index: options.Index = None,
    follow: options.Follow = False,
    previous: options.Previous = False,
    tail: options.Tail = None,
    grep: options.Grep = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """Print the lines of all replicas, or of some, in order of time."""
    from tfjob_kit import jobs

    if follow and previous:
        raise errors.UsageError("`--previous` is over: it cannot be followed", hint="drop `--follow`")
    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    ref = engines.job_ref(cluster, name, namespace)
    pattern = _pattern(grep)
    replicas = _select(jobs.read_job(cluster, ref).replicas, role=role, index=index)
    if follow:
        lines = _follow_lines(cluster, ref, tail)
    else:
        lines = jobs.read_logs(cluster, replicas, tail=tail, previous=previous)
    names = {replica.name for replica in replicas}
    for line in lines:
        if line.replica in names and (pattern is None or pattern.search(line.text)):
            _show(line, output)


def _show(line: LogLine, output: str) -> None:
    from tfjob_kit.jobs import event_dict

    if output == "json":
        console.put_json(event_dict(line), indent=None)
    else:
        console.put(roles.prefix(line.replica) + roles.shown(line.text))


def _follow_lines(cluster: Cluster, ref: JobRef, tail: int | None) -> Iterator[LogLine]:
    from tfjob_kit import jobs
    from tfjob_kit.cli import following
    from tfjob_kit.jobs import events

    with following.leaving(ref):
        for event in jobs.follow(cluster, ref, stop=threading.Event(), tail=tail):
            if isinstance(event, events.LogLine):
                yield event
            elif isinstance(event, events.Finished):
                console.say(f"\n{event.verdict.summary}")


def _select(
    replicas: Sequence[ReplicaView], *, role: str | None, index: int | None
) -> tuple[ReplicaView, ...]:
    chosen = tuple(
        r for r in replicas if role in {None, r.pod.role} and (index is None or index == r.pod.index)
    )
    if not chosen:
        wanted = role or "replica"
        raise errors.UsageError(
            f"the job has no {wanted}" + (f" with index {index}" if index is not None else ""),
            hint=f"its replicas: {', '.join(r.name for r in replicas)}",
        )
    return chosen


def _pattern(grep: str | None) -> re.Pattern[str] | None:
    if grep is None:
        return None
    try:
        return re.compile(grep)
    except re.error as error:
        raise errors.UsageError(f"`--grep`: `{grep}` is no regular expression: {error}") from error
