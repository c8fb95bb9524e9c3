"""`python -m tfjob_kit.runtime`: the agent, first process of every replica."""

from __future__ import annotations

import os
import sys
import traceback

from tfjob_kit import contract, errors
from tfjob_kit.runtime.agent import run_agent, settings
from tfjob_kit.runtime.agent.loop import say, write_termination


def main() -> int:
    """Runs the replica that the environment describes; its exit code."""
    try:
        own = settings.read_settings(os.environ)
    except errors.ConfigError as error:
        return _refuse(error)
    try:
        return run_agent(own)
    except Exception as error:
        traceback.print_exc()
        return _fail(error)


def _fail(error: Exception) -> int:
    """A fault of the agent itself; its processes end with it."""
    termination = contract.Termination(
        status="failed",
        exit_code=int(contract.ReplicaExit.ERROR),
        error=f"AgentFault: {type(error).__name__}: {error}",
        hint="this is a fault of tfjob-kit; its trace is in the log of this replica",
        where="agent",
    )
    write_termination(settings.termination_log(os.environ), termination)
    return termination.exit_code


def _refuse(error: errors.ConfigError) -> int:
    termination = contract.Termination(
        status="failed",
        exit_code=int(contract.ReplicaExit.BAD_CONFIG),
        error=f"{type(error).__name__}: {error.message}",
        hint=error.hint,
        where=error.where or "config",
    )
    write_termination(settings.termination_log(os.environ), termination)
    say(f"failed: {error.message}" + (f"; {error.hint}" if error.hint else ""))
    return termination.exit_code


if __name__ == "__main__":
    sys.exit(main())
