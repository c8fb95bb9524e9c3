"""The error for a key that the schema has not, with the keys that were probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.keys import Path, format_path, parse_path, show_path
from tfjob_kit.config.grammar.override import Action, Override
from tfjob_kit.config.nearest import AT_MOST, WHOLE_LIST, nearest
from tfjob_kit.config.tree.source import Source
from tfjob_kit.config.typed import fields

_WHOLE_PATH = 0.8  # Paths share long beginnings; at the usual likeness each would be near its neighbours.


def unknown_key(
    path: Path, source: Source, *, override: Override | None = None, groups: Sequence[str] = ()
) -> NoReturn:
    """Raises UnknownChoice for a path that leaves the schema.

    Args:
        path: As written.
        source: Where.
        override: Whose key it is, for the corrected token; None for a key inside a value or a file.
        groups: Names of config groups, which may have been meant.
    """
    known = _known_part(path)
    parent = fields.at(known)
    siblings = tuple(parent.keys) if parent else ()
    close = _close(path, known, siblings, groups)
    raise errors.UnknownChoice(
        f"no key {show_path(path)}" + (f" ({show_path(known)} holds one value)" if not siblings else ""),
        where=source.where,
        nearest=close,
        hint=_hint(path, override, close, siblings, groups),
        source=source.under_key(path[: len(known) + 1]),
    )


def _known_part(path: Path) -> Path:
    known: Path = ()
    for part in path:
        if fields.at((*known, part)) is None:
            return known
        known = (*known, part)
    return known[:-1]


def _close(path: Path, known: Path, siblings: Sequence[str], groups: Sequence[str]) -> tuple[str, ...]:
    """Sibling keys, then keys of the same name elsewhere, then groups; anything alike only without these."""
    rest = path[len(known) + 1 :]
    here = [format_path((*known, name, *rest)) for name in nearest(str(path[len(known)]), siblings)]
    here = [key for key in here if fields.at(tuple(key.split("."))) is not None]
    elsewhere = [key for key in fields.all_paths() if key.rpartition(".")[2] == str(path[-1])]
    choices = nearest(str(path[0]), groups) if len(path) == 1 else ()
    close = tuple(dict.fromkeys([*here, *elsewhere, *choices]))
    return (close or nearest(format_path(path), fields.all_paths(), likeness=_WHOLE_PATH))[:AT_MOST]


def _hint(
    path: Path,
    override: Override | None,
    close: tuple[str, ...],
    siblings: Sequence[str],
    groups: Sequence[str],
) -> str | None:
    lines: list[str] = []
    if close and override is not None and (override.action is not Action.delete or _deletable(close[0])):
        lines += [correct(override, close[0])]
        lines += [f"or {', '.join(close[1:])}"] if close[1:] else []
    elif close:
        lines += [f"did you mean {' or '.join(close)}?"]
    if not siblings and override is not None:
        lines += [f"{format_path(_known_part(path))}=VALUE sets it"]
    if siblings and (not close or len(siblings) <= WHOLE_LIST):
        lines += [f"keys here: {', '.join(siblings)}"]
    if str(path[0]) in groups and len(path) > 1 and override is not None:
        lines += [f"to choose another option write {path[0]}=OPTION"]
    return "\n".join(lines) or None


def correct(override: Override, key: str) -> str:
    """The override with another key that is there, for a shell: without `+` and `++`, which only add keys."""
    mark = "~" if override.action is Action.delete else ""
    equals = "+=" if override.action is Action.extend else "="
    value = "" if override.text is None else f"{equals}{override.text}"
    return writing.for_shell(words.printable(f"{mark}{key}{value}"))


def _deletable(key: str) -> bool:
    field = fields.at(parse_path(key))
    return field is not None and field.optional
