"""This machine as an engine: a TFJob runs as processes, one per replica, under a detached keeper.

Owns processes, files, ports and GPUs of this machine, and turns them into the objects that an API server
would return. What becomes of a job is decided by `cluster.rules`, as on a cluster; how it was composed and
how it is shown are other rooms' business. Jobs see it through `cluster.port` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfjob_kit.cluster.local.engine import LocalCluster, connect

__all__ = ["LocalCluster", "connect"]


def __getattr__(name: str) -> object:
    """The engine, imported when it is asked for: `names` alone answers the completion of a shell."""
    if name == "connect":
        from tfjob_kit.cluster.local.engine import connect

        return connect
    if name == "LocalCluster":
        from tfjob_kit.cluster.local.engine import LocalCluster

        return LocalCluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
