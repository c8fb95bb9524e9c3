"""What Tab proposes: the line up to the cursor in, words out, before typer is imported.

Owns the scripts for bash, zsh and fish, and the hidden verb that they ask at each Tab. Must not import typer,
click or omegaconf: a person waits for the answer. Verbs and flags come from `verbs.json`, which
`scripts/reference.py` writes from the program; keys come from the schema, options from the config files, job
names from the engine. Whatever goes wrong is no proposal and no message: nothing may be written over the line
that is being typed.
"""

from __future__ import annotations

__all__ = ["ASK", "DEBUG_ENV"]

ASK = "__complete"
"""The hidden verb: `tfjob-kit __complete zsh WORD...`."""
DEBUG_ENV = "TFJOB_KIT_COMPLETION_DEBUG"
"""Any value: what goes wrong is shown instead of proposing nothing."""
