"""What the command line says about groups: choose, append, delete.

Owns reading an override as a group edit and the conflicts between such edits. Must not walk defaults lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.config.files.search_path import SearchPath
from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.override import Action, Override
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.nearest import choices, nearest
from tfjob_kit.config.tree.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupEdit:
    """One edit of the defaults list.

    Attributes:
        options: Empty for `group=null` and for a delete of whatever is chosen.
        package: Behind `@`; None when it is not given.
    """

    action: Action
    group: str
    package: str | None
    options: tuple[str, ...]
    source: Source


def is_group_edit(override: Override, search_path: SearchPath) -> bool:
    """Whether an override edits the defaults list: its key is a group, and its value no dict."""
    if override.package is not None:
        return True
    return override.key in search_path.groups and not isinstance(override.parsed, dict)


def make_group_edit(override: Override, source: Source, search_path: SearchPath) -> GroupEdit:
    """The edit that an override asks for.

    Raises:
        UnknownChoice: No such group.
        OverrideError: A form that groups do not have.
    """
    if override.key not in search_path.groups:
        unknown_group(override.key, source, search_path)
    if override.action in (Action.change_or_add, Action.extend):
        raise errors.OverrideError(
            f"`{override.key}` is a group, which `{override.action.value}` cannot change",
            where=source.where,
            hint=f"{override.key}=OPTION to choose another option, +{override.key}=OPTION to add the group",
            source=source.under_key(),
        )
    return GroupEdit(
        action=override.action,
        group=override.key,
        package=override.package,
        options=_options(override, source, search_path),
        source=source,
    )


def unknown_group(group: str, source: Source, search_path: SearchPath) -> None:
    """Raises UnknownChoice with the groups that there are."""
    close = nearest(group, sorted(search_path.groups))
    groups = choices(sorted(search_path.groups), close=close)
    token = f"{writing.for_shell((source.raw or '').replace(group, close[0], 1))}\n" if close else ""
    raise errors.UnknownChoice(
        f"no group {words.shown(group)}",
        where=source.where,
        nearest=close,
        hint=f"{token}groups: {groups} (searched: {search_path.folders})",
        source=source.under_key(),
    )


def _options(override: Override, source: Source, search_path: SearchPath) -> tuple[str, ...]:
    parsed = override.parsed
    if parsed is None:
        return ()
    items = parsed if isinstance(parsed, list) else [parsed]
    found = [item for item in items if isinstance(item, Word)]
    if len(found) != len(items) or any(not word.text for word in found):
        raise errors.OverrideError(
            f"`{override.key}` takes the name of an option",
            where=source.where,
            hint=f"options: {choices(search_path.options(override.key))}",
            source=source.under_value(),
        )
    return tuple(word.text for word in found if word.value is not None)


def check_group_edits(edits: Sequence[GroupEdit]) -> tuple[GroupEdit, ...]:
    """The edits without those that are repeated.

    Raises:
        OverrideError: Two different options of one group, or a choice and a delete.
    """
    first: dict[tuple[str, str | None], GroupEdit] = {}
    for edit in edits:
        other = first.setdefault((edit.group, edit.package), edit)
        if (other.action, other.options) == (edit.action, edit.options):
            continue
        raise errors.OverrideError(
            f"`{edit.group}` is {_verb(other)} and {_verb(edit)} on one command line",
            where=f"{other.source.where} and {edit.source.where}",
            hint="keep one of the two",
            source=edit.source.under_key(),
        )
    return tuple(first.values())


def _verb(edit: GroupEdit) -> str:
    if edit.action is Action.delete:
        return "deleted"
    return f"set to {words.shown(', '.join(edit.options) or 'null')}"
