"""The state directory: what an API server keeps on a cluster, as files that several processes share.

Owns the jobs' files and locks, their logs and the leases of ports and GPUs. Must not know processes.
"""

from __future__ import annotations

from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.local.store.leases import Leases

__all__ = ["JobDir", "Leases"]
