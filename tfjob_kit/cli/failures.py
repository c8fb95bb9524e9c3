"""Errors as a person reads them: `error:`, where, the source line, and the way out under `hint:`.

Owns the one form of every error on the terminal, those of the argument parser included. Must not know verbs.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Sequence

import click

from tfjob_kit import errors
from tfjob_kit.cli import console

__all__ = ["from_click", "render", "report", "report_fault"]


def report(error: errors.TfjobKitError, *, as_json: bool, debug: bool) -> int:
    """Shows the error on stderr, and as one JSON object on stdout for `-o json`; returns its exit code."""
    if debug:
        console.say("".join(traceback.format_exception(error)))
    if as_json:
        console.put_json(error.as_dict(), indent=None)
    console.say(render(error))
    return error.exit_code


def report_fault(fault: Exception, *, debug: bool) -> int:
    """Shows a fault of the tool itself: one line, or the whole trace with --debug; returns 1."""
    if debug:
        console.say("".join(traceback.format_exception(fault)))
    text = " ".join(str(fault).split())
    head = console.paint("error:", "red", "bold", stream=sys.stderr)
    console.say(f"{head} fault of tfjob-kit: {type(fault).__name__}: {text}")
    if not debug:
        console.say(f"\n{_hint_label()} run again with --debug to see where")
    return 1


def render(error: errors.TfjobKitError) -> str:
    """The error as text for stderr."""
    head = console.paint("error:", "red", "bold", stream=sys.stderr)
    lines = [f"{head} {error.message}"]
    lines += [f"  {line}" for line in _place(error)]
    hint = _hint(error)
    if hint:
        first, *rest = hint.splitlines()
        lines += ["", f"{_hint_label()} {first}", *(f"      {line}" for line in rest)]
    return "\n".join(lines)


def _place(error: errors.TfjobKitError) -> list[str]:
    """Where, and the line with its caret; an override that `where` quotes whole is not written twice."""
    where = [error.where] if error.where else []
    if not error.source:
        return where
    line, _, caret = error.source.partition("\n")
    if error.where and error.where.endswith(f": {line}"):
        return [error.where, " " * (len(error.where) - len(line)) + caret]
    return [*where, *error.source.splitlines()]


def from_click(error: click.ClickException, arguments: Sequence[str]) -> errors.TfjobKitError:
    """What the argument parser refused, as one of our errors."""
    usage = _usage_hint(error, arguments)
    if isinstance(error, click.exceptions.NoSuchCommand):
        known = tuple(error.possibilities or ())
        return errors.UsageError(f"unknown command `{error.command_name}`", nearest=known, hint=usage)
    if isinstance(error, click.exceptions.NoSuchOption):
        return _unknown_option(error, arguments, usage)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return errors.UsageError(f"missing argument {error.param.make_metavar(_context(error))}", hint=usage)
    if isinstance(error, click.BadParameter) and error.param is not None:
        option = max(error.param.opts, key=len)
        return errors.UsageError(f"`{option}`: {_sentence(error.message)}", hint=usage)
    return errors.UsageError(_sentence(error.format_message()), hint=usage)


def _unknown_option(
    error: click.exceptions.NoSuchOption, arguments: Sequence[str], usage: str
) -> errors.UsageError:
    written = next((a for a in arguments if a.startswith(error.option_name)), error.option_name)
    bare = written.lstrip("-")
    hint = f"overrides have no dashes: `{bare}`" if "=" in bare and not error.possibilities else usage
    nearest = tuple(error.possibilities or ())
    return errors.UsageError(f"unknown option `{error.option_name}`", nearest=nearest, hint=hint)


def _usage_hint(error: click.ClickException, arguments: Sequence[str]) -> str:
    context = getattr(error, "ctx", None)
    verb = " ".join(["tfjob-kit", *(a for a in arguments[:1] if not a.startswith("-"))])
    return f"`{context.command_path if context else verb} --help` lists what there is"


def _context(error: click.UsageError) -> click.Context:
    return error.ctx or click.Context(click.Command("tfjob-kit"))


def _sentence(text: str) -> str:
    text = text.strip().removesuffix(".").replace("'", "`")
    return text[:1].lower() + text[1:]


def _hint(error: errors.TfjobKitError) -> str:
    nearest = [f"`{name}`" for name in error.nearest]
    hint = error.hint or ""
    if not nearest or re.search(rf"(?<!\w){re.escape(error.nearest[0])}(?!\w)", hint):
        return hint
    choice = nearest[0] if len(nearest) == 1 else f"{', '.join(nearest[:-1])} or {nearest[-1]}"
    return f"did you mean {choice}?" + (f"\n{hint}" if hint else "")


def _hint_label() -> str:
    return console.paint("hint:", "cyan", "bold", stream=sys.stderr)
