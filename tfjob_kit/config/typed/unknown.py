"""The error for a key that the schema has not, with the keys that were probably meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.keys import Path, format_path, parse_path, show_path
from tfjob_kit.config.grammar.override import Action, Override
from tfjob_kit.config.nearest import AT_MOST, choices, nearest
from tfjob_kit.config.tree.source import Source
from tfjob_kit.config.typed import fields

_WHOLE_PATH = 0.8  # Paths share long beginnings; at the usual likeness each would be near its neighbours.


def unknown_key(
    path: Path,
    source: Source,
    *,
    override: Override | None = None,
    groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
    is_there: Callable[[Path], bool] = lambda _: True,
) -> NoReturn:
    """Raises UnknownChoice for a path that leaves the schema.

    Args:
        path: As written.
        source: Where.
        override: Whose key it is, for the corrected token; None for a key inside a value or a file.
        groups: Config groups, which may have been meant, with their options.
        is_there: Whether the config holds a path, whose keys `+` then cannot add.
    """
    known = _known_part(path)
    parent = fields.at(known)
    siblings = tuple(parent.keys) if parent else ()
    close = _fitting(_close(path, known, siblings, groups), override, groups)
    raise errors.UnknownChoice(
        f"no key {show_path(path)}" + (f" ({show_path(known)} holds one value)" if not siblings else ""),
        where=source.where,
        nearest=close,
        hint=_hint(path, source, override, close, siblings, groups, is_there),
        source=source.under_key(path[: len(known) + 1]),
    )


def _known_part(path: Path) -> Path:
    known: Path = ()
    for part in path:
        if fields.at((*known, part)) is None:
            return known
        known = (*known, part)
    return known[:-1]


def _fitting(
    close: tuple[str, ...], override: Override | None, groups: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Of several names the groups that have this option, if any has it: `modle=resnet50` means no `code`."""
    wanted = None if override is None else override.text
    return tuple(name for name in close if wanted in groups.get(name, ())) or close


def _close(
    path: Path, known: Path, siblings: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Sibling keys, then keys of the same name elsewhere, then groups; anything alike only without these."""
    rest = path[len(known) + 1 :]
    here = [format_path((*known, name, *rest)) for name in nearest(str(path[len(known)]), siblings)]
    here = [key for key in here if fields.at(tuple(key.split("."))) is not None]
    elsewhere = [key for key in fields.all_paths() if key.rpartition(".")[2] == str(path[-1])]
    choices = nearest(str(path[0]), tuple(groups)) if len(path) == 1 else ()
    close = tuple(dict.fromkeys([*here, *elsewhere, *choices]))
    return (close or nearest(format_path(path), fields.all_paths(), likeness=_WHOLE_PATH))[:AT_MOST]


def _hint(
    path: Path,
    source: Source,
    override: Override | None,
    close: tuple[str, ...],
    siblings: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    is_there: Callable[[Path], bool],
) -> str | None:
    if override is not None and (joined := _joined(path)) is not None:
        return f"{correct(override, joined, mark=override.action.value)} for a name with dots in it"
    if close and override is None and (token := _in_value(path, source, close[0])) is not None:
        return token
    if close:
        return _meant(override, close, is_there)
    lines: list[str] = []
    if not siblings and override is not None:
        lines += [f"{format_path(_known_part(path))}=VALUE sets it"]
    if siblings:
        lines += [f"keys here: {choices(siblings)}"]
    if str(path[0]) in groups and len(path) > 1 and override is not None:
        lines += [f"to choose another option write {path[0]}=OPTION"]
    return "\n".join(lines) or None


def _meant(override: Override | None, close: tuple[str, ...], is_there: Callable[[Path], bool]) -> str:
    if override is None or (override.action is Action.delete and not _deletable(close[0])):
        return f"did you mean {' or '.join(close)}?"
    marks = ["" if is_there(parse_path(key)) else "+" for key in close]
    first, *others = [correct(override, key, mark=mark) for key, mark in zip(close, marks, strict=True)]
    return "\n".join([first, *(f"or {token}" for token in others)])


def _in_value(path: Path, source: Source, close: str) -> str | None:
    """The override whose dict holds the key, with the key's neighbour in its place."""
    known, right = _known_part(path), parse_path(close)
    if right[:-1] != known or len(path) != len(right):
        return None
    token = source.with_name(path, str(right[-1]))
    return None if token is None else writing.for_shell(token)


def _joined(path: Path) -> str | None:
    """The path with its end as one name, where it leads below an entry of an open map of single values."""
    known = _known_part(path)
    above, entry = fields.at(known[:-1]), fields.at(known)
    if not known or above is None or entry is None or not above.is_map or entry.keys or entry.is_map:
        return None
    names = [str(part) for part in path[len(known) - 1 :]]
    return format_path((*known[:-1], ".".join(names)))


def correct(override: Override, key: str, *, mark: str = "") -> str:
    """The override with another key, for a shell.

    Args:
        override: As it was written.
        key: To take its place.
        mark: Before the key; by default none but `~`, since `+` adds keys that are not there.
    """
    mark = "~" if override.action is Action.delete else "" if override.action is Action.extend else mark
    equals = "+=" if override.action is Action.extend else "="
    value = "" if override.text is None else f"{equals}{override.text}"
    return writing.for_shell(words.printable(f"{mark}{key}{value}"))


def _deletable(key: str) -> bool:
    field = fields.at(parse_path(key))
    return field is not None and field.optional
