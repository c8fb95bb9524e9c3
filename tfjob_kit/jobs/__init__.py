"""What became of a job: submit it, read it, follow it, wait for it, cancel it, judge it.

Owns the reading of status, pods, events and termination messages (`view`, `replica_view`: the only readers
of Kubernetes field names) and the verdict reached from them together (`diagnose`). Must not know which engine
is behind the port, nor clock, randomness, environment or a terminal: those are arguments or belong to `cli`.
"""

from __future__ import annotations
