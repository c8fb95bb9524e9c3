"""PID 1 of a replica: keeps replicas together, their trainers alive, and leaves with one honest exit code.

Owns the barrier and heartbeat between agents, the supervision of the trainer, signals, /metrics and the
termination message. `decision` decides and is pure; the other modules are the thin layer of sockets and
processes under it. Must not know TensorFlow, nor how training works: a trainer is a process that writes
reports. Standard library; PyYAML and prometheus_client inside functions.
"""

from tfjob_kit.runtime.agent.loop import run_agent
from tfjob_kit.runtime.agent.settings import AgentSettings

__all__ = ["AgentSettings", "run_agent"]
