"""`cancel`: jobs ended and deleted, by name or by label."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import asking, console, engines, options, selecting

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef

__all__ = ["cancel"]

_NAMED = 20
"""Names that the question lists; of more it gives the number."""


def cancel(
    names: options.JobNames = None,
    label: options.Label = None,
    yes: options.Yes = False,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Output = "text",
) -> None:
    """End jobs and delete them, with their pods and logs.

    Give their names, or a label that they have. Replicas save within their grace period.
    """
    from tfjob_kit import jobs

    if bool(names) == (label is not None):
        raise errors.UsageError(
            "name the jobs, or give a label that they have" + (", not both" if names else ""),
            hint="`tfjob-kit cancel NAME...` or `tfjob-kit cancel --label KEY=VALUE`",
        )
    cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    refs = _labelled(cluster, label, namespace) if label else _named(cluster, names or [], namespace)
    if not refs:
        console.say("no such jobs in namespace " + (namespace or cluster.default_namespace))
        return
    asking.confirm(_consequence(refs), yes=yes, declined="nothing was cancelled")
    for ref in refs:
        # Another may have been quicker, or its time to live may be over.
        with contextlib.suppress(errors.JobNotFound):
            jobs.cancel_job(cluster, ref)
        _show_cancelled(ref, output)


def _named(cluster: Cluster, names: Sequence[str], namespace: str | None) -> list[JobRef]:
    """All of them are there, before the first is touched."""
    refs = [engines.job_ref(cluster, name, namespace) for name in dict.fromkeys(names)]
    for ref in refs:
        cluster.get(ref)
    return refs


def _labelled(cluster: Cluster, label: str, namespace: str | None) -> list[JobRef]:
    from tfjob_kit import jobs

    selector = selecting.check_selector(label)
    wanted = namespace or cluster.default_namespace
    return [view.ref for view in jobs.list_jobs(cluster, namespace=wanted, selector=selector)]


def _consequence(refs: Sequence[JobRef]) -> str:
    what = f"{len(refs)} job{'s' if len(refs) > 1 else ''} of namespace {refs[0].namespace}"
    listed = ", ".join(ref.name for ref in refs[:_NAMED])
    more = f" and {len(refs) - _NAMED} more" if len(refs) > _NAMED else ""
    return f"cancelling deletes {what} with pods, logs and all output that is in no claim: {listed}{more}"


def _show_cancelled(ref: JobRef, output: str) -> None:
    if output == "json":
        console.put_json({"job": ref.name, "namespace": ref.namespace, "cancelled": True}, indent=None)
    else:
        console.put(f"tfjob/{ref.name} cancelled")
