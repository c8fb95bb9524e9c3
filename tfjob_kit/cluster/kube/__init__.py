"""The engine of a Kubernetes cluster: TFJobs of the training-operator behind a real API server.

Owns everything that is said to an API server: who we are and where it is (`access`), which calls are repeated
and how refusals become our errors (`calls`), and the port's verbs made of them. Objects stay plain JSON from
the wire to the caller. Must not know jobs, plans or the other engines.
"""

from __future__ import annotations

from tfjob_kit.cluster.kube.connection import connect
from tfjob_kit.cluster.kube.engine import KubeCluster

__all__ = ["KubeCluster", "connect"]
