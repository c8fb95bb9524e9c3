"""Overrides: groups and keys before the `=`, options and values behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfjob_kit.cli.completion import keys
from tfjob_kit.cli.completion.keys import Place
from tfjob_kit.cli.completion.options import Options, find_options
from tfjob_kit.cli.completion.proposal import Answer, Proposal, words

__all__ = ["propose_group_options", "propose_groups", "propose_keys", "propose_overrides"]

_FORM = re.compile(r"(?P<sign>\+\+|\+|~|)(?P<key>[^=]*)(?P<equals>=?)(?P<value>.*)", re.DOTALL)
_DOT = re.compile(r"(?<!\\)\.")


def propose_overrides(word: str, *, others: Sequence[str], conf_dir: str | None, cwd: Path) -> Answer:
    """What could stand at the cursor.

    Args:
        word: The override as far as it is typed.
        others: The overrides before it; what they set is not proposed again.
        conf_dir: `--conf-dir` of the line.
        cwd: The working directory.
    """
    given = {_bare(form["key"]): form["value"] for form in map(_form, others)}
    options = find_options(conf_dir, cwd=cwd, chosen=given)
    form = _form(word)
    if form["equals"]:
        return Answer(proposals=tuple(_values(form, options)))
    sign = form["sign"]
    found = [*_groups(sign, options), *_keys(sign, form["key"], options)]
    free = [each for each in found if _bare(each.word.lstrip("+~").rstrip("=")) not in given]
    return Answer(proposals=tuple(free))


def propose_keys(word: str) -> Answer:
    """Keys and sections by themselves, for verbs that look at one."""
    *parents, _ = _DOT.split(word)
    place = keys.find_place(parents)
    if place is None or "=" in word:
        return Answer()
    above = "".join(f"{part}." for part in parents)
    found = {f"{above}{name}": below for name, below in _children(place)}
    sections = (Proposal(word=f"{word}.") for word, below in found.items() if below.below)
    return Answer(proposals=(*(Proposal(word=k, about=v.about) for k, v in found.items()), *sections))


def propose_groups(*, conf_dir: str | None, cwd: Path) -> Answer:
    """The groups by themselves, for verbs that take one."""
    options = find_options(conf_dir, cwd=cwd, chosen={})
    return Answer(proposals=tuple(_described(options, group, group) for group in options.groups))


def propose_group_options(group: str, *, options: Options, prefix: str) -> Iterator[Proposal]:
    """The options of a group with what their files open with."""
    for option in options.options(group):
        yield Proposal(word=prefix + option.name, about=option.about)


def _form(word: str) -> re.Match[str]:
    form = _FORM.fullmatch(word)
    assert form is not None  # matches any text
    return form


def _bare(key: str) -> str:
    """A key without its package."""
    return key.partition("@")[0]


# --- before the = --------------------------------------------------------------------------------


def _groups(sign: str, options: Options) -> Iterator[Proposal]:
    """Those that stand in the defaults list can be chosen or deleted, the others appended."""
    for group in options.groups:
        is_listed = group in options.defaults or not options.defaults
        if (sign in ("", "~") and is_listed) or (sign == "+" and not is_listed):
            yield _removal(options, group) if sign == "~" else _described(options, group, f"{sign}{group}=")


def _described(options: Options, group: str, word: str) -> Proposal:
    chosen = options.defaults.get(group)
    about = f"an option; default: {chosen}" if chosen else "an option"
    place = keys.find_place(group.split("/"))
    doc = place.about if place else ""
    return Proposal(word=word, about=f"{doc}: {about}" if doc else about)


def _removal(options: Options, group: str) -> Proposal:
    return Proposal(
        word=f"~{group}", about=f"take {options.defaults.get(group) or 'it'} out of the defaults list"
    )


def _keys(sign: str, key: str, options: Options) -> Iterator[Proposal]:
    """Keys of the section that is being typed."""
    *parents, last = _DOT.split(key)
    above = sign + key[: len(key) - len(last)]
    place = keys.find_place(parents)
    if place is None:
        return
    for name, below in _children(place):
        if _allows(sign, below):
            ending = "." if below.is_section else "" if sign == "~" else "="
            yield Proposal(word=f"{above}{name}{ending}", about=below.about)
    if parents and place.items is not None:
        # Names of the user's own: those that the chosen option's file has.
        for name, value in options.below(parents).items():
            is_section = isinstance(value, dict) or bool(place.items.get("below"))
            escaped = re.sub(r"([.\\\[\]])", r"\\\1", str(name))
            yield Proposal(word=f"{above}{escaped}{'.' if is_section else '='}")


def _children(place: Place) -> Iterator[tuple[str, Place]]:
    for name in place.below:
        if below := place.at(name):
            yield name, below


def _allows(sign: str, place: Place) -> bool:
    """Whether an override of that sign can end here or below: `+` adds to open maps, `~` takes away."""
    if sign in ("", "++") or place.items is not None or (sign == "~" and place.is_optional):
        return True
    return any(_allows(sign, below) for _, below in _children(place))


# --- behind the = --------------------------------------------------------------------------------


def _values(form: re.Match[str], options: Options) -> Iterator[Proposal]:
    key, prefix = form["key"], f"{form['sign']}{form['key']}="
    group = _bare(key)
    if group in options.groups:
        begun, _, _ = form["value"].rpartition(",")
        lead = f"{begun}," if begun else "[" if form["value"].startswith("[") else ""
        taken = begun.lstrip("[").split(",")
        found = propose_group_options(group, options=options, prefix=prefix + lead)
        yield from (each for each in found if each.word.removeprefix(prefix + lead) not in taken)
        return
    place = keys.find_place(_DOT.split(key))
    if place is not None:
        yield from words(place.values, prefix=prefix)
        if place.is_size:
            types = options.below(("site", "gpu_types"))
            yield from words((f"{name}:" for name in types), "GPUs of this type", prefix=prefix)
        if place.is_optional:
            yield Proposal(word=f"{prefix}null", about="none")
