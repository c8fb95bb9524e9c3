"""The process that trains: GPU check, memory, strategy, data, build, restore, loop, checkpoint, export.

Owns everything that needs TensorFlow, from the first device to the exit code; `main.run` is the way in.
Tells its agent what happens on a pipe (`runtime.reports`) and the reader of the logs by progress lines.
Must not know who restarts it or why, sockets between agents, Kubernetes, or how a config was composed.
"""
