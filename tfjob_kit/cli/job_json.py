"""A job as one JSON object, for `-o json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tfjob_kit.jobs import JobReport, JobView
from tfjob_kit.jobs.replica_view import ReplicaView

__all__ = ["report_object", "summary_object"]


def summary_object(view: JobView) -> dict[str, Any]:
    """The job's own row: what `list` knows."""
    return {
        "name": view.ref.name,
        "namespace": view.ref.namespace,
        "uid": view.uid,
        "state": view.state,
        "reason": view.reason,
        "message": view.message,
        "gpus": view.gpus,
        "replica_count": len(view.replicas),
        "created": view.created,
        "started": view.started,
        "finished": view.finished,
    }


def report_object(report: JobReport) -> dict[str, Any]:
    """Everything that `status` knows."""
    view = report.view
    return {
        **summary_object(view),
        "replicas": [_replica_object(replica) for replica in view.replicas],
        "progress": dict(view.progress),
        "events": [asdict(event) for event in view.events],
        "withheld": list(view.withheld),
        "queue": view.queue,
        "queue_place": asdict(view.place) if view.place else None,
        "places": dict(report.places),
        "metrics": dict(report.metrics),
        "verdict": asdict(report.verdict),
    }


def _replica_object(replica: ReplicaView) -> dict[str, Any]:
    return {
        "name": replica.name,
        "pod": replica.pod.name,
        "role": replica.pod.role,
        "index": replica.pod.index,
        "state": replica.state,
        "restarts": replica.restarts,
        "recreated": replica.recreated,
        "exit_code": replica.exit_code,
        "reason": replica.reason,
        "message": replica.message,
        "node": replica.node,
        "gpus": replica.gpus,
        "started": replica.started,
        "termination": asdict(replica.end.termination) if replica.end and replica.end.termination else None,
    }
