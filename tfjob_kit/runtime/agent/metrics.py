"""`/metrics` of one replica, for Prometheus.

Owns names and values of the gauges. Serving is optional: without prometheus_client, or on a busy port,
training goes on without it. Must not know decisions.
"""

from __future__ import annotations

import re
from typing import Any

from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent.decision.situation import Situation

__all__ = ["Metrics", "serve_metrics"]

_PREFIX = "tfjob_kit_"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


class Metrics:
    """The gauges of one replica, made as their first values come."""

    def __init__(self, client: Any, registry: Any) -> None:
        self._client = client
        self._registry = registry
        self._gauges: dict[str, Any] = {}

    def reported(self, report: reports.Report) -> None:
        """Takes the values of a trainer's report."""
        match report:
            case reports.Stepped():
                for name, value in report.values.items():
                    self._gauge(name, f"{name} of the last call of the training loop").set(value)
            case reports.Saved():
                self._gauge("checkpoint_step", "Step of the last checkpoint").set(report.step)
                self._gauge("checkpoint_seconds", "Duration of the last save").set(report.seconds)
            case reports.Done():
                for name, value in report.metrics.items():
                    self._gauge(f"eval_{name}", f"{name} on the whole evaluation set").set(value)
            case _:
                pass

    def seen(self, situation: Situation, *, now: float) -> None:
        """Takes what the agent itself knows."""
        self._gauge("step", "Last finished step").set(situation.step or 0)
        self._gauge("restarts", "Trainer restarts since this agent started").set(situation.restarts)
        self._gauge("attempt", "Number of the present start of the whole job").set(situation.attempt)
        for name, peer in situation.peers.items():
            age = now - peer.heard if peer.announcement is not None else float("inf")
            self._gauge("peer_silence_seconds", "Since the last line of a peer", "peer").labels(name).set(age)

    def _gauge(self, name: str, text: str, *labels: str) -> Any:
        full = _PREFIX + _NOT_IN_NAMES.sub("_", name)
        if full not in self._gauges:
            self._gauges[full] = self._client.Gauge(full, text, labels, registry=self._registry)
        return self._gauges[full]


def serve_metrics(host: str, port: int) -> Metrics | str:
    """Serves the gauges from a thread of their own; the reason where that cannot be."""
    try:
        import prometheus_client
    except ImportError:
        return "prometheus_client is not installed"
    registry = prometheus_client.CollectorRegistry()
    try:
        prometheus_client.start_http_server(port, addr=host or "0.0.0.0", registry=registry)
    except OSError as error:
        return f"port {port}: {error.strerror}"
    return Metrics(prometheus_client, registry)
