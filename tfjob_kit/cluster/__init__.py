"""Where a job goes: the `Cluster` port and the engines behind it.

Owns talking to an API server, to processes of this machine, or to a store in memory, all in the shapes of
the Kubernetes API. Must not know what a run is or what its config says: manifests come in, objects, changes
and log lines come out. `port` is what the rooms above may import; only `cli` chooses an engine.
"""
