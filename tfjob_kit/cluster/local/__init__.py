"""This machine as an engine: a TFJob runs as processes, one per replica, under a detached keeper.

Owns processes, files, ports and GPUs of this machine, and turns them into the objects that an API server
would return. What becomes of a job is decided by `cluster.rules`, as on a cluster; how it was composed and
how it is shown are other rooms' business. Jobs see it through `cluster.port` alone.
"""

from __future__ import annotations

from tfjob_kit.cluster.local.engine import LocalCluster, connect

__all__ = ["LocalCluster", "connect"]
