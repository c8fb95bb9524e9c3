"""Where a job goes: one protocol (`port`) and the engines that keep it.

Owns everything outside this process: API server, local processes, the in-memory engine for tests. The rooms
above see `port` alone; only the composition roots choose an engine. Must not know configs, plans or verdicts.
"""
