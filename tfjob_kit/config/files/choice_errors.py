"""What is wrong with a choice: the errors of walking defaults lists, with what may be chosen instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.config.files.group_edit import GroupEdit
from tfjob_kit.config.files.packages import Key
from tfjob_kit.config.files.search_path import SearchPath
from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.override import Action
from tfjob_kit.config.nearest import choices, nearest
from tfjob_kit.config.tree.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A group's place in the defaults list and what was taken there."""

    options: tuple[str, ...]
    source: Source


def not_in_list(edit: GroupEdit, slots: Mapping[Key, Slot]) -> errors.ConfigError:
    """For an edit whose group takes no part."""
    packages = [
        group if package == group.replace("/", ".") else f"{group}@{package}"
        for group, package in slots
        if group == edit.group
    ]
    option = ",".join(edit.options) or "OPTION"
    named = edit.group if edit.package is None else f"{edit.group}@{edit.package}"
    if edit.action is Action.delete:
        hint = f"groups in it: {choices(group for group, _ in slots)}"
    else:
        hint = "\n".join(f"{p}={option}" for p in packages) or f"+{named}={option}"
    return errors.UnknownChoice(
        f"`{edit.group}` is not in the defaults list",
        where=edit.source.where,
        hint=hint,
        source=edit.source.under_key(),
    )


def unknown_option(search_path: SearchPath, group: str, option: str, source: Source) -> errors.ConfigError:
    """For an option that no folder holds."""
    options = search_path.options(group)
    if not group:
        return errors.UnknownChoice(
            f"no file {words.shown(option)}",
            where=source.where,
            nearest=nearest(option, options),
            hint=f"searched: {search_path.folders}",
            source=source.under_key(),
        )
    if not options:
        return errors.UnknownChoice(
            f"no group {words.shown(group)}",
            where=source.where,
            nearest=nearest(group, sorted(search_path.groups)),
            hint=f"groups: {choices(sorted(search_path.groups))}",
            source=source.under_key(),
        )
    close = nearest(option, options)
    token = f"{_corrected(source, option, close[0])}\n" if close and source.kind == "override" else ""
    return errors.UnknownChoice(
        f"no option {words.shown(option)} in group `{group}`",
        where=source.where_value,
        nearest=close,
        source=source.under_value(),
        hint=f"{token}options: {choices(options, close=close)} (searched: {search_path.folders})",
    )


def _corrected(source: Source, option: str, better: str) -> str:
    """The override with another option, for a shell."""
    key, _, value = (source.raw or "").partition("=")
    return writing.for_shell(f"{key}={value.replace(option, better)}")


def undecided(search_path: SearchPath, group: str, source: Source) -> errors.ConfigError:
    """For a group whose choice is left to the user."""
    options = search_path.options(group)
    return errors.MissingValue(
        f"`{group}` must be chosen",
        where=source.where_value,
        hint=f"{group}=OPTION, one of {choices(options)}",
        source=source.under_value(),
    )


def not_equal(edit: GroupEdit, slot: Slot) -> errors.ConfigError:
    """For `~group=option` where another option is chosen."""
    return errors.OverrideError(
        f"`{edit.group}` is `{', '.join(slot.options)}`, not `{', '.join(edit.options)}`, and stays",
        where=edit.source.where,
        hint=f"'~{edit.group}' deletes it whatever it is",
        source=edit.source.under_value(),
    )
