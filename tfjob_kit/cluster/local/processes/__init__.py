"""Replicas as processes: what a kubelet and a container runtime do on a cluster.

Owns one pod's environment, directories, process tree, restarts and end. Must not know which pods there should
be, nor what their ends mean for the job.
"""

from __future__ import annotations

from tfjob_kit.cluster.local.processes.crew import Crew, Facts
from tfjob_kit.cluster.local.processes.process_tree import marked

__all__ = ["Crew", "Facts", "marked"]
