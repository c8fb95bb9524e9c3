"""The lines of a Hydra defaults list, in every form that Hydra 1.0 to 1.3 has.

Owns reading them as entries of ours, and the lines that have no such form: interpolated options, renamed
packages, choices of Hydra's own groups. Must not know which files are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tfjob_kit.config.files.defaults_list import Entry
from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.hydra_tree import advice
from tfjob_kit.config.hydra_tree.files import HydraFile
from tfjob_kit.config.hydra_tree.notices import Notice, notice_at
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node

__all__ = ["HydraDefaults", "read_defaults"]

_NAME = r"/?[A-Za-z0-9_\-.]+(?:/[A-Za-z0-9_\-.]+)*"
_KEY = re.compile(
    rf"(?:(?P<mark>override|optional)\s+)?(?P<group>{_NAME})(?:@(?P<package>[A-Za-z0-9_.\-:]+))?"
)
_OLD_PACKAGE = re.compile(r"_(?:group|name)_")
_FORM = "write `group: option`, `override /group: option`, `optional group: option` or the name of a file"


@dataclass(frozen=True, kw_only=True)
class HydraDefaults:
    """The defaults list of one file.

    Attributes:
        entries: Its lines, those that have a form of ours.
        notices: The others, and what was written in another form.
        is_listed: Whether the file has a list at all.
        is_old: Whether a line has a form that only Hydra 1.0 has.
    """

    entries: tuple[Entry, ...]
    notices: tuple[Notice, ...]
    is_listed: bool
    is_old: bool


def read_defaults(file: HydraFile) -> HydraDefaults:
    """Reads the defaults list of a file; `_self_` stays where it is, or out."""
    node = file.document.defaults
    if node is None:
        return HydraDefaults(entries=(), notices=(), is_listed=False, is_old=False)
    entries: list[Entry] = []
    notices: list[Notice] = []
    is_old = False
    if file.group.split("/")[0] == "hydra":
        return HydraDefaults(entries=(), notices=_of_hydras_own(file, node), is_listed=True, is_old=False)
    for item in node.content if isinstance(node.content, list) else [node]:
        is_old = is_old or _is_old(item)
        found = _read(item, file.group)
        for each in found:
            if isinstance(each, Notice):
                notices.append(each)
            else:
                _add(entries, each)
    return HydraDefaults(entries=tuple(entries), notices=tuple(notices), is_listed=True, is_old=is_old)


def _of_hydras_own(file: HydraFile, node: Node) -> tuple[Notice, ...]:
    items = node.content if isinstance(node.content, list) else [node]
    return tuple(_of_hydra(file.group, f"- {nodes.as_text(item)}", item) for item in items)


def _add(entries: list[Entry], entry: Entry) -> None:
    """Adds an entry; a second file of one folder joins the first, since a group stands in a list once."""
    for number, other in enumerate(entries):
        same = (other.kind, other.group, other.package, other.mark) == (
            entry.kind,
            entry.group,
            entry.package,
            entry.mark,
        )
        if same and entry.kind == "group":
            entries[number] = replace(other, options=(*other.options, *entry.options))
            return
    entries.append(entry)


def _is_old(node: Node) -> bool:
    """Whether a line has a second key, `optional: true`, or chooses for Hydra without `override`."""
    if not isinstance(node.content, dict):
        return False
    return "optional" in node.content or any(key.lstrip("/").startswith("hydra/") for key in node.content)


def _read(node: Node, group: str) -> list[Entry | Notice]:
    if isinstance(node.content, Word):
        return _read_word(node.content, node, group)
    if not isinstance(node.content, dict) or not node.content:
        return [
            notice_at(node.source, nodes.as_text(node), "it is no line of a defaults list", instead=_FORM)
        ]
    content = dict(node.content)
    optional = content.pop("optional", None) if len(content) > 1 else None
    is_optional = (
        optional is not None and isinstance(optional.content, Word) and optional.content.value is True
    )
    if len(content) != 1:
        return [
            notice_at(node.source, nodes.as_text(node), "it is no line of a defaults list", instead=_FORM)
        ]
    ((key, value),) = content.items()
    return _read_choice(key, value, group, is_optional=is_optional)


def _read_word(word: Word, node: Node, group: str) -> list[Entry | Notice]:
    """`_self_`, or a file: one of another folder is a choice of that folder's group, as Hydra places it."""
    if word.text == "_self_":
        return [Entry(kind="self", source=node.source)]
    match = _KEY.fullmatch(word.text)
    if match is None or match["mark"] or ":" in (match["package"] or ""):
        return _refused(word.text, node)
    name = match["group"].removesuffix(".yaml")
    if name.lstrip("/").startswith("hydra/"):
        return [_of_hydra(name, word.text, node)]
    folder, _, option = name.rpartition("/")
    if not folder or name.rfind("/") == 0:
        return [Entry(kind="file", group=name, package=match["package"], source=node.source)]
    entry = Entry(kind="group", group=folder, package=match["package"], options=(option,), source=node.source)
    changed = notice_at(
        node.source,
        f"- {word.text}",
        f"it is written as `{folder}: {option}`, which can be overridden",
        kind="changed",
    )
    return [entry, changed]


def _read_choice(key: str, value: Node, group: str, *, is_optional: bool) -> list[Entry | Notice]:
    match = _KEY.fullmatch(key)
    text = f"- {key}: {nodes.as_text(value)}"
    if match is None or _OLD_PACKAGE.search(match["package"] or ""):
        return _refused(text, value)
    if match["group"].lstrip("/").startswith("hydra/") or match["group"].lstrip("/") == "hydra":
        return [_of_hydra(match["group"], text, value)]
    if ":" in (match["package"] or ""):
        target = (match["package"] or "").rpartition(":")[2]
        instead = f"choose it under its new package: - {match['group']}@{target}: {nodes.as_text(value)}"
        return [notice_at(value.source, text, "a package cannot be renamed", instead=instead)]
    options = _options(value)
    if options is None:
        instead = (
            "choose on the command line, or write an option file for each combination that names its own"
        )
        return [notice_at(value.source, text, "a defaults list holds no interpolations", instead=instead)]
    entry = Entry(
        kind="group",
        group=match["group"],
        package=match["package"],
        options=options,
        mark="optional" if is_optional else match["mark"],
        source=value.source,
    )
    return [entry]


def _options(node: Node) -> tuple[str, ...] | None:
    """The options, their `.yaml` taken off; None when one is interpolated."""
    if isinstance(node.content, Word):
        if node.content.value is None:
            return ()
        return None if "${" in node.content.text else (node.content.text.removesuffix(".yaml"),)
    items = node.content if isinstance(node.content, list) else []
    found = [_options(item) for item in items]
    return None if None in found else tuple(option for each in found for option in each or ())


def _of_hydra(group: str, text: str, node: Node) -> Notice:
    section = group.strip("/").removeprefix("hydra").strip("/").partition("/")[0]
    return notice_at(
        node.source, words.printable(text), "it configures Hydra itself", instead=advice.of_hydra(section)
    )


def _refused(text: str, node: Node) -> list[Entry | Notice]:
    return [notice_at(node.source, words.printable(text), "it has no form here", instead=_FORM)]
