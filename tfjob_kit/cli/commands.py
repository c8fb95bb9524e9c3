"""The tool's own commands as texts show them: with the flags that lead to the same cluster and namespace.

Rooms below the command line write `tfjob-kit retry NAME` and know no flags. Whoever was called with `-n team`
or `--context prod` must find both in the command that is shown, or it looks for the job elsewhere. Owns
which flags these are for the verb that runs now, one in each process.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

__all__ = ["complete", "remember", "remember_namespace"]

_COMMAND = re.compile(
    r"\btfjob-kit (?:list|(?:cancel|diff|logs|resize|resume|retry|status|suspend|tensorboard|wait)"
    r" (?!NAME)[a-z0-9][-a-z0-9.]*)(?=[\s`]|$)"
)
"""A verb with its job. Without one the command is only spoken of."""
_flags: dict[str, str] = {}


def remember(
    *, engine: str | None, context: str | None, kubeconfig: Path | None, namespace: str | None
) -> None:
    """Takes the flags of the verb; what came from the environment is still there for the next command."""
    _flags.clear()
    given = {
        "-n": namespace if _is_flag("namespace") else None,
        "--context": context,
        "--kubeconfig": kubeconfig and str(kubeconfig),
        "--engine": engine,
    }
    _flags.update({flag: value for flag, value in given.items() if value})


def remember_namespace(namespace: str) -> None:
    """The job is not where a command without a flag looks: the config named another namespace."""
    _flags["-n"] = namespace


def complete(text: str) -> str:
    """The text with these flags in each of its commands, after the job's name."""
    if not _flags:
        return text
    flags = "".join(f" {flag} {shlex.quote(value)}" for flag, value in _flags.items())
    return _COMMAND.sub(lambda found: found[0] + flags, text)


def _is_flag(parameter: str) -> bool:
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(parameter) if context else None
    return source is not click.core.ParameterSource.ENVIRONMENT
