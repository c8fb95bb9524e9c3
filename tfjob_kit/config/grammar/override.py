"""One token of the command line: `key=value` and its forms.

Owns the forms (`=`, `+`, `++`, `~`, `+=`, `group@package=option`) and which of them a run takes. Must not
know the schema or the search path: whether a key names a group is decided by composition.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import keys, values, words, writing
from tfjob_kit.config.grammar.values import Swept, Value


class Action(enum.Enum):
    """What an override does; the value is its mark before the key, `extend` has its mark behind it."""

    change = ""
    add = "+"
    change_or_add = "++"
    delete = "~"
    extend = "+="


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """One override as it was written.

    Attributes:
        raw: The whole token.
        action: What it does.
        key: As written, without marks and package.
        package: What stands behind `@`; None when nothing does.
        path: The key as a config path; empty when it can only name a group.
        value: Plain Python data; None for `~key`. Interpolations are kept as text.
        parsed: The value with text and quotes, for typing; None for `~key`.
        text: The value as it was written.
    """

    raw: str
    action: Action
    key: str
    package: str | None
    path: keys.Path
    value: Any
    parsed: Value | None
    text: str | None


_PACKAGE = re.compile(r"[A-Za-z0-9_.\-]*")
_GROUP = re.compile(r"[A-Za-z0-9_\-]+(?:/[A-Za-z0-9_\-]+)*")


def parse_override(text: str) -> Override:
    """Reads one override.

    Raises:
        OverrideError: What cannot be read, with a caret, and values that stand for several runs.
    """
    try:
        return _parse(text)
    except errors.OverrideError as error:
        error.where = error.where or words.printable(text)
        raise


def format_override(override: Override) -> str:
    """The override as text that parse_override reads back as the same action, key and value."""
    package = "" if override.package is None else f"@{override.package}"
    if override.action is Action.extend:
        return f"{override.key}+={writing.format_value(override.parsed)}"
    head = f"{override.action.value}{override.key}{package}"
    return head if override.parsed is None else f"{head}={writing.format_value(override.parsed)}"


def _parse(text: str) -> Override:
    _check_characters(text)
    action, start = _mark(text)
    equals = text.find("=", start)
    if equals < 0 and action is not Action.delete:
        _fail_without_value(text)
    end = len(text) if equals < 0 else equals
    if equals > start and text[equals - 1] == "+":
        action, end = _extend(text, action), equals - 1
    key, at, package = text[start:end].partition("@")
    path = () if at else keys.parse_path(key, line=text, start=start)
    if at:
        _check_group(text, key, package, start)
    parsed = None if equals < 0 else values.parse_value(text, equals + 1)
    if isinstance(parsed, Swept):
        _refuse_sweep(text, equals, parsed)
    return Override(
        raw=text,
        action=action,
        key=key,
        package=package if at else None,
        path=path,
        value=None if parsed is None else values.plain(parsed),
        parsed=parsed,
        text=None if equals < 0 else text[equals + 1 :],
    )


def _mark(text: str) -> tuple[Action, int]:
    for action in (Action.change_or_add, Action.add, Action.delete):
        if text.startswith(action.value):
            return action, len(action.value)
    return Action.change, 0


def _extend(text: str, action: Action) -> Action:
    if action is not Action.change:
        raise errors.OverrideError(
            f"`{action.value}` before the key and `+=` behind it cannot stand together",
            hint=f"write {writing.for_shell(words.printable(text[len(action.value) :]))}",
            source=words.caret(text, 0),
        )
    return Action.extend


def _check_characters(text: str) -> None:
    for at, char in enumerate(text) if not text.isprintable() else ():
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise errors.OverrideError(
                "the override holds bytes that are not UTF-8 text",
                hint="write it in UTF-8",
                source=words.caret(text, at),
            )


def _check_group(text: str, key: str, package: str, start: int) -> None:
    if ":" in package:
        raise errors.OverrideError(
            "renaming a package is not supported",
            hint=f"write {key}@{package.rpartition(':')[2]}=OPTION",
            source=words.caret(text, text.index(":")),
        )
    if not _GROUP.fullmatch(key) or not _PACKAGE.fullmatch(package):
        raise errors.OverrideError(
            f"{words.shown(f'{key}@{package}')} is not a group and a package",
            hint="write group@package=OPTION",
            source=words.caret(text, start),
        )


def _fail_without_value(text: str) -> NoReturn:
    name = words.printable(text).lstrip("+")
    raise errors.OverrideError(
        f"{words.shown(text)} has no value" if text else "an override is empty",
        hint=f"write {name}=VALUE, or '~{name}' to delete it" if name else "write key=value",
        source=words.caret(text, len(text)) if text else None,
    )


def _refuse_sweep(text: str, equals: int, swept: Swept) -> NoReturn:
    head, tail = text[:equals], words.printable(text[equals + 1 :].strip())
    what = f"`{swept.function}(...)`" if swept.function else words.shown(tail)
    quoted = words.printable(writing.format_text(text[equals + 1 :].strip()))
    plain = [a for a in swept.arguments if not isinstance(a, Swept)]
    items = ",".join(map(writing.format_value, plain)) if swept.function in (None, "choice") else "a,b"
    raise errors.OverrideError(
        f"{what} stands for several values, and a run takes one",
        hint=(
            f"{writing.for_shell(f'{head}=[{items}]')} for a list\n"
            f"{writing.for_shell(f'{head}={quoted}')} for text\n"
            f"{head}=VALUE in a run of its own for each value"
        ),
        source=words.caret(text, equals + 1),
    )
