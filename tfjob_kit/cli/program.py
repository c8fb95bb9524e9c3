"""A command from its arguments to its exit code; every error is caught here, once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from tfjob_kit import errors
from tfjob_kit.cli import failures, interrupts

__all__ = ["run"]


def run(argv: Sequence[str]) -> int:
    """Runs one command.

    Args:
        argv: Arguments without the program's name.

    Returns:
        The exit code; the table is in the docs under "Exit codes".
    """
    arguments, debug = _take_debug(argv)
    interrupts.listen()
    try:
        code = _verb(arguments)
        sys.stdout.flush()
    except errors.TfjobKitError as error:
        code = failures.report(error, as_json=_wants_json(arguments), debug=debug)
    except click.ClickException as error:
        code = failures.report(failures.from_click(error, arguments), as_json=False, debug=debug)
    except (KeyboardInterrupt, click.Abort):
        code = interrupts.EXIT_INTERRUPTED
    except interrupts.Terminated:
        code = interrupts.EXIT_TERMINATED
    except (interrupts.ReaderGone, BrokenPipeError):
        code = _close_pipes()
    except Exception as fault:
        code = failures.report_fault(fault, debug=debug)
    return code


def _verb(arguments: list[str]) -> int:
    from tfjob_kit.cli import app

    result: Any = app.command(arguments).main(args=arguments, prog_name="tfjob-kit", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _take_debug(argv: Sequence[str]) -> tuple[list[str], bool]:
    """`--debug` may stand anywhere, so it is taken out before the verbs see the arguments."""
    return [a for a in argv if a != "--debug"], "--debug" in argv


def _wants_json(arguments: Sequence[str]) -> bool:
    text = " ".join(arguments)
    return any(form in text for form in ("-o json", "-ojson", "--output json", "--output=json"))


def _close_pipes() -> int:
    """The reader went away (`| head`): nothing more is written, not even at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    return interrupts.EXIT_PIPE
