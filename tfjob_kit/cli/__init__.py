"""How it is asked: one file per family of verbs, no logic.

Owns flags, the choice of the engine, the text on the terminal, exit codes, and what comes from outside:
clock, randomness, environment, signals. Must not know Kubernetes field names or decide anything about a
job: verbs call the rooms below and print what they return. `typer` and `rich` are imported here alone,
`rich` only for the progress bar of a terminal.
"""

from __future__ import annotations
