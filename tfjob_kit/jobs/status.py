"""The verdict on a job as it is now, with the log lines that it rests on; lines of a job at rest."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.diagnosis import diagnose, final_metrics, suspect
from tfjob_kit.jobs.events import LogLine
from tfjob_kit.jobs.replica_view import ReplicaView
from tfjob_kit.jobs.verdict import Verdict
from tfjob_kit.jobs.view import JobView, read_job

__all__ = ["JobReport", "read_logs", "read_report", "read_verdict"]

_TAIL = 40


@dataclass(frozen=True, kw_only=True)
class JobReport:
    """All there is to say about a job now.

    Attributes:
        metrics: Final metrics on the whole evaluation set; empty before the end.
        places: Where its things lie: logs, checkpoints (of a user's own program: output).
    """

    view: JobView
    verdict: Verdict
    metrics: Mapping[str, float]
    places: Mapping[str, str]


def read_report(cluster: port.Cluster, ref: port.JobRef) -> JobReport:
    """Reads the job and judges it. Raises JobNotFound."""
    view = read_job(cluster, ref)
    return JobReport(
        view=view,
        verdict=read_verdict(cluster, view),
        metrics=final_metrics(view),
        places=_places(cluster, view),
    )


def read_verdict(cluster: port.Cluster, view: JobView) -> Verdict:
    """Diagnoses the job with the last lines of the replica that most likely tells why."""
    replica = suspect(view)
    if replica is None:
        return diagnose(view)
    try:
        lines = [entry.text for entry in cluster.logs(replica.pod, tail=_TAIL)]
    except errors.ClusterError:
        lines = []
    return diagnose(view, tails={replica.name: lines})


def read_logs(
    cluster: port.Cluster,
    replicas: Sequence[ReplicaView],
    *,
    tail: int | None = None,
    previous: bool = False,
) -> Iterator[LogLine]:
    """The lines there are now of these replicas, in order of time; the run before the last one included.

    Args:
        cluster: The engine.
        replicas: Whose lines.
        tail: Only the last so many of each replica.
        previous: Only the run before the last restart.

    Raises:
        ClusterError: A replica has begun, and its lines cannot be read; with `previous`: none was restarted.
    """
    if previous:
        streams = _previous_streams(cluster, replicas, tail)
    else:
        streams = [_lines(cluster, replica, tail) for replica in replicas]
    return heapq.merge(*streams, key=lambda line: _comparable(line.time))


def _places(cluster: port.Cluster, view: JobView) -> dict[str, str]:
    places = cluster.places(view.ref)
    if view.is_runtime and "output" in places:
        places = {**places, "checkpoints": f"{places['output']}/checkpoints"}
        del places["output"]
    return places


def _lines(cluster: port.Cluster, replica: ReplicaView, tail: int | None) -> Iterator[LogLine]:
    try:
        entries = list(cluster.logs(replica.pod, tail=tail))
    except errors.ClusterError as error:
        if replica.run is not None and not error.is_absent:
            raise
        return  # it has not begun, or its pod is gone, perhaps since it was looked at, and its lines with it
    if replica.restarts and (tail is None or len(entries) < tail):
        entries = [*_previous(cluster, replica, tail and tail - len(entries)), *entries]
    for entry in entries:
        yield LogLine(replica=replica.name, time=entry.time, text=entry.text)


def _previous_streams(
    cluster: port.Cluster, replicas: Sequence[ReplicaView], tail: int | None
) -> list[list[LogLine]]:
    streams: list[list[LogLine]] = []
    for replica in replicas:
        entries = _previous(cluster, replica, tail)
        streams.append([LogLine(replica=replica.name, time=e.time, text=e.text) for e in entries])
    if not any(streams):
        names = ", ".join(replica.name for replica in replicas)
        raise errors.ClusterError(
            f"there are no lines of an earlier run of {names}",
            hint="a replica has one once its container was restarted in place; "
            "the lines of a pod that was recreated went with it",
        )
    return streams


def _previous(cluster: port.Cluster, replica: ReplicaView, tail: int | None) -> list[port.LogEntry]:
    try:
        return list(cluster.logs(replica.pod, previous=True, tail=tail))
    except errors.ClusterError:
        return []


def _comparable(time: str) -> tuple[str, str]:
    """Text that sorts as the time does, though fractions differ in length."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return seconds, fraction.ljust(9, "0")
