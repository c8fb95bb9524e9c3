"""`config options`: what can be chosen."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit import errors
from tfjob_kit.cli import console, options

if TYPE_CHECKING:
    from tfjob_kit.config.catalogue import Group, Option
    from tfjob_kit.config.option_files import Selection

__all__ = ["list_options"]

_MISSING = "???"


def list_options(
    group: options.GroupName = None,
    conf_dir: options.ConfDir = None,
    output: options.Output = "text",
) -> None:
    """List groups, their options, and which is chosen.

    GROUP alone, e.g. model, with the command and the keys of each option.
    """
    from tfjob_kit.config import catalogue, option_files

    groups = catalogue.list_groups(conf_dir=conf_dir, cwd=Path.cwd())
    shown = groups if group is None else [_find(groups, group)]
    selection = option_files.read_selection(conf_dir=conf_dir, cwd=Path.cwd())
    if selection.problem is not None:
        where = f" ({selection.problem.where})" if selection.problem.where else ""
        console.warn(f"the files do not compose: {selection.problem.message}{where}")
    if output == "json":
        data = [_group_object(each, selection, whole=group is not None) for each in shown]
        console.put_json(data if group is None else data[0])
        return
    console.put("\n".join(_text(shown, selection, whole=group is not None)))
    if console.is_terminal(sys.stdout):
        console.say(f"\n{_legend(group)}")


def _find(groups: Sequence[Group], name: str) -> Group:
    from tfjob_kit.config import nearest

    names = [group.name for group in groups]
    if name in names:
        return groups[names.index(name)]
    bare = name.partition("=")[0].replace(".", "/")
    close = (bare,) if bare in names else nearest.nearest(name, names)
    raise errors.UnknownChoice(
        f"no group `{name}`",
        nearest=close,
        hint=f"`tfjob-kit config options {close[0]}`" if close else f"groups: {', '.join(names)}",
    )


def _legend(group: str | None) -> str:
    mark = "* is chosen when no override chooses another"
    return mark if group else f"{mark}\n`tfjob-kit config options GROUP` tells more of one group"


def _text(groups: Sequence[Group], selection: Selection, *, whole: bool) -> Iterator[str]:
    width = console.width() if console.is_terminal(sys.stdout) else 10_000
    for number, group in enumerate(groups):
        if number:
            yield ""
        yield console.paint(group.name, "bold") + (f"  {group.about}" if group.about else "")
        yield from (f"  {note}" for note in _notes(group, selection))
        if whole:
            for option in group.options:
                yield from ["", *_whole_option(option, selection, width)]
        else:
            longest = max(len(option.name) for option in group.options)
            for option in group.options:
                yield from _short_option(option, selection, name_width=longest, width=width)


def _notes(group: Group, selection: Selection) -> Iterator[str]:
    """What to do where a run takes no option of the group by itself."""
    chosen = selection.chosen.get(group.name)
    if chosen == (_MISSING,):
        yield f"must be chosen: {group.name}=OPTION"
    elif not chosen and selection.problem is None:
        yield f"none is chosen: {'+' if chosen is None else ''}{group.name}=OPTION"


def _mark(option: Option, selection: Selection) -> str:
    is_chosen = option.name in selection.chosen.get(option.group, ())
    return console.paint("*", "green", "bold") if is_chosen else " "


def _short_option(option: Option, selection: Selection, *, name_width: int, width: int) -> Iterator[str]:
    about = " ".join(part for part in (option.about, _origin(option)) if part)
    indent = 6 + name_width
    first, *rest = textwrap.wrap(about, max(width - indent, 24)) or [""]
    yield f"  {_mark(option, selection)} {option.name:{name_width}}  {first}".rstrip()
    yield from (" " * indent + line for line in rest)


def _origin(option: Option) -> str:
    """Which folder it comes from, unless it is the kit's."""
    if option.folder is None:
        return ""
    return f"[{option.folder}, in place of the kit's]" if option.hides_shipped else f"[{option.folder}]"


def _whole_option(option: Option, selection: Selection, width: int) -> Iterator[str]:
    from tfjob_kit.config import option_files

    name, path = console.paint(option.name, "bold"), console.paint(option.shown, "dim")
    yield f"{_mark(option, selection)} {name}  {path} {_origin(option)}".rstrip()
    yield from (f"    {line}" for line in textwrap.wrap(option.about, max(width - 4, 24)))
    yield from (f"    $ {command}" for command in option.commands)
    contents = option_files.read_contents(option)
    if contents.problem is not None:
        yield f"    {console.paint('cannot be read:', 'red')} {contents.problem.where}"
        yield from (f"    {line}" for line in textwrap.wrap(contents.problem.message, max(width - 4, 24)))
    yield from (f"    {choice}  (chosen with it)" for choice in contents.brings)
    yield from (f"    {token}" for token in contents.tokens)


def _group_object(group: Group, selection: Selection, *, whole: bool) -> dict[str, Any]:
    return {
        "name": group.name,
        "about": group.about,
        "chosen": list(selection.chosen.get(group.name, ())),
        "options": [_option_object(option, whole=whole) for option in group.options],
    }


def _option_object(option: Option, *, whole: bool) -> dict[str, Any]:
    from tfjob_kit.config import option_files

    data = {
        "name": option.name,
        "about": option.about,
        "path": option.shown,
        "folder": option.folder,
        "hides_shipped": option.hides_shipped,
    }
    if not whole:
        return data
    contents = option_files.read_contents(option)
    return {
        **data,
        "commands": list(option.commands),
        "package": option.package,
        "values": dict(contents.values),
        "chosen_with_it": list(contents.brings),
        "problem": contents.problem.as_dict() if contents.problem else None,
    }
