"""Where the cursor stands: behind which verb, at which argument or flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfjob_kit.cli.completion import table
from tfjob_kit.cli.completion.table import Flag, Verb

__all__ = ["Position", "find_position"]


@dataclass(frozen=True, kw_only=True)
class Position:
    """What is known of the line before the cursor.

    Attributes:
        verb: The verb, or the group whose verb is still to come.
        arguments: Its arguments before the cursor.
        values: Flags before the cursor by their long name, with their values.
        flag: The flag whose value is being typed.
        typed: Of the word at the cursor: the value, where it is a flag's.
        prefix: What stands before `typed` in the same word: `--output=`.
        flags_end: Whether `--` came before.
    """

    verb: Verb
    arguments: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]]
    flag: Flag | None = None
    typed: str
    prefix: str = ""
    flags_end: bool = False

    def value(self, name: str) -> str | None:
        """What a flag was given last."""
        return self.values.get(name, (None,))[-1]


def find_position(words: Sequence[str]) -> Position | None:
    """Where the last of the words stands; None behind a verb that does not exist.

    Args:
        words: Without the program's name; the last is the one at the cursor.
    """
    *before, current = words
    verb = table.find_verb("")
    arguments: list[str] = []
    values: dict[str, tuple[str, ...]] = {}
    waiting: Flag | None = None
    flags_end = False
    for word in before:
        if verb is None:
            return None
        if waiting is not None:
            values[waiting.name] = (*values.get(waiting.name, ()), word)
            waiting = None
        elif word == "--" and not flags_end:
            flags_end = True
        elif word.startswith("-") and not flags_end:
            flag, _, value = _split_flag(verb, word)
            if flag is not None and flag.kind and value is None:
                waiting = flag
            elif flag is not None:
                values[flag.name] = (*values.get(flag.name, ()), value or "")
        elif verb.is_group:
            verb = table.find_verb(f"{verb.path} {word}".strip())
        else:
            arguments.append(word)
    if verb is None:
        return None
    flag, prefix, typed = waiting, "", current
    if flag is None and not flags_end and current.startswith("-"):
        glued, before_value, value = _split_flag(verb, current)
        if glued is not None and glued.kind and value is not None:
            flag, prefix, typed = glued, before_value, value
    return Position(
        verb=verb,
        arguments=tuple(arguments),
        values=values,
        flag=flag,
        typed=typed,
        prefix=prefix,
        flags_end=flags_end,
    )


def _split_flag(verb: Verb, word: str) -> tuple[Flag | None, str, str | None]:
    """The flag of `--output`, `--output=json`, `-o`, `-ojson`; what stands before its value; the value."""
    name, equals, value = word.partition("=")
    if word.startswith("--"):
        return verb.flag(name), name + equals, value if equals else None
    return verb.flag(word[:2]), word[:2], word[2:] or None
