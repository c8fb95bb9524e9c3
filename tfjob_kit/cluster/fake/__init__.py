"""A stateful engine in memory, for tests of ours and of users.

Owns jobs, pods, events and logs in the shapes of the API, moved by the same rules as on a cluster; a test
plays the containers: it starts them, writes their lines and ends them. Must not know processes or files.
"""

from __future__ import annotations

from tfjob_kit.cluster.fake.clock import ManualClock
from tfjob_kit.cluster.fake.cluster import FakeCluster

__all__ = ["FakeCluster", "ManualClock"]
