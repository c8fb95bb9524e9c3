"""Overrides: groups and keys before the `=`, options and values behind it."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfjob_kit.cli.completion.options import Options, find_options
from tfjob_kit.cli.completion.proposal import Answer, Proposal, words
from tfjob_kit.config import schema
from tfjob_kit.config.typed import fields
from tfjob_kit.config.typed.fields import Field

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
    field = fields.at(tuple(parents))
    if field is None or "=" in word:
        return Answer()
    above = "".join(f"{part}." for part in parents)
    found = [Proposal(word=f"{above}{name}", about=_doc_of(field, name)) for name in field.keys]
    sections = [Proposal(word=f"{above}{name}.") for name, below in field.keys.items() if below.keys]
    return Answer(proposals=(*found, *sections))


def propose_groups(*, conf_dir: str | None, cwd: Path) -> Answer:
    """The groups by themselves, for verbs that take one."""
    options = find_options(conf_dir, cwd=cwd, chosen={})
    return Answer(proposals=tuple(_described(options, group, group) for group in options.groups))


def propose_group_options(group: str, *, options: Options, prefix: str) -> Iterator[Proposal]:
    """The options of a group with what their files open with."""
    for option in options.groups[group].options:
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
        is_listed = group in options.defaults
        if (sign in ("", "~") and is_listed) or (sign == "+" and not is_listed):
            yield _removal(options, group) if sign == "~" else _described(options, group, f"{sign}{group}=")


def _described(options: Options, group: str, word: str) -> Proposal:
    chosen = options.defaults.get(group)
    about = f"an option; default: {chosen}" if chosen else "an option"
    doc = options.groups[group].about
    return Proposal(word=word, about=f"{doc}: {about}" if doc else about)


def _removal(options: Options, group: str) -> Proposal:
    return Proposal(
        word=f"~{group}", about=f"take {options.defaults[group] or 'it'} out of the defaults list"
    )


def _keys(sign: str, key: str, options: Options) -> Iterator[Proposal]:
    """Keys of the section that is being typed."""
    *parents, _ = _DOT.split(key)
    above = key[: len(key) - len(_DOT.split(key)[-1])]
    field = fields.at(tuple(parents))
    if field is None:
        return
    for name, below in field.keys.items():
        if _allows(sign, below):
            ending = _ending(sign, below)
            yield Proposal(word=f"{sign}{above}{name}{ending}", about=_doc_of(field, name))
    if parents and (field.is_map or field.is_any):
        for name, value in options.below(parents).items():
            is_section = isinstance(value, dict) or (field.items if field.is_map else field).dataclass
            escaped = re.sub(r"([.\\\[\]])", r"\\\1", str(name))
            yield Proposal(word=f"{sign}{above}{escaped}{'.' if is_section else '='}")


def _ending(sign: str, field: Field) -> str:
    if field.dataclass or field.is_map or field.is_any:
        return "."
    return "" if sign == "~" else "="


def _allows(sign: str, field: Field) -> bool:
    """Whether an override of that sign can end here or below: `+` adds to open maps, `~` takes away."""
    if sign in ("", "++"):
        return True
    if field.is_map or field.is_any or (sign == "~" and field.optional):
        return True
    return any(_allows(sign, below) for below in field.keys.values())


def _doc_of(field: Field, name: str) -> str:
    if field.dataclass is None:
        return ""
    found = {f.name: f.metadata.get("doc", "") for f in dataclasses.fields(field.dataclass)}
    return found.get(name, "")


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
    field = fields.at(tuple(_DOT.split(key)))
    if field is None:
        return
    yield from _values_of(field, prefix, options)


def _values_of(field: Field, prefix: str, options: Options) -> Iterator[Proposal]:
    kind = field.type
    if kind is bool:
        yield from words(("true", "false"), prefix=prefix)
    elif kind is schema.Size:
        types = options.below(("site", "gpu_types"))
        yield from words((f"{name}:" for name in types), "GPUs of this type", prefix=prefix)
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield from words((str(each.value) for each in kind), prefix=prefix)
    if field.optional:
        yield Proposal(word=f"{prefix}null", about="none")
