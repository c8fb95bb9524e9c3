"""The engine of a Kubernetes cluster: TFJobs of the training-operator behind a real API server.

Owns everything that is said to an API server: who we are and where it is (`access`), which calls are repeated
and how refusals become our errors (`calls`), and the port's verbs made of them. Objects stay plain JSON from
the wire to the caller. Must not know jobs, plans or the other engines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfjob_kit.cluster.kube.connection import connect
    from tfjob_kit.cluster.kube.engine import KubeCluster

__all__ = ["KubeCluster", "connect"]


def __getattr__(name: str) -> object:
    """The engine, imported when it is asked for.

    Whether a cluster is configured is asked of `access` alone, before each verb of the local engine too: that
    must not cost the import of TLS and HTTP.
    """
    if name == "connect":
        from tfjob_kit.cluster.kube.connection import connect

        return connect
    if name == "KubeCluster":
        from tfjob_kit.cluster.kube.engine import KubeCluster

        return KubeCluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
