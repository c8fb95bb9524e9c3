"""The entry: what can be answered before typer is imported, then the program.

Imports nothing else at its top: the answer to Tab has 0.15 s, of which typer alone would take a third.
"""

from __future__ import annotations

import sys

from tfjob_kit.cli.completion import ASK

__all__ = ["main"]


def main(argv: list[str] | tuple[str, ...] | None = None) -> int:
    """Runs one command.

    Args:
        argv: Arguments without the program's name; None: those of the process.

    Returns:
        The exit code; the table is in the docs under "Exit codes".
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [ASK]:
        from tfjob_kit.cli.completion import answering

        return answering.answer(arguments[1:])
    if arguments == ["--version"] and _put_version():
        return 0
    from tfjob_kit.cli import program

    return program.run(arguments)


def _put_version() -> bool:
    """Writes the version; False: the reader went away, which the program ends as it always does."""
    from tfjob_kit import __version__

    try:
        sys.stdout.write(f"tfjob-kit {__version__}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
