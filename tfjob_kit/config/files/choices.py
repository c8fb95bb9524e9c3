"""Which files a run takes, in the order in which they merge.

Owns walking defaults lists: the first appearance of a group fixes its place, an `override` in any file its
option, the command line above all. A choice may bring files whose overrides change other choices, before it
or behind it; so the walk is repeated until nothing changes. An absolute group (`/data`) has its own path as
package, a relative one lies inside the package of its file; a `# @package` header is absolute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tfjob_kit import errors
from tfjob_kit.config.files import group_edit
from tfjob_kit.config.files.defaults_list import MISSING, Entry, read_entries
from tfjob_kit.config.files.document import Document, read_document
from tfjob_kit.config.files.group_edit import GroupEdit
from tfjob_kit.config.files.search_path import SearchPath
from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.override import Action
from tfjob_kit.config.nearest import choices, nearest
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import Source

BASE = "config"
GLOBAL = "_global_"
HERE = "_here_"
MOST_WALKS = 20

Key = tuple[str, str]
"""A group and the package it goes to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """An option that an entry marked `override` asks for."""

    group: str
    package: str | None
    options: tuple[str, ...]
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A group's place in the defaults list and what was taken there."""

    options: tuple[str, ...]
    source: Source


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The outcome.

    Attributes:
        layers: Bodies under their packages, to be merged in order.
        slots: Every group that takes part.
    """

    layers: tuple[Node, ...]
    slots: dict[Key, Slot]


def choose(search_path: SearchPath, edits: Sequence[GroupEdit]) -> Chosen:
    """Walks the defaults lists from `config.yaml` on.

    Raises:
        UnknownChoice: A group or option that does not exist; edits that match nothing.
        ConfigError: Files that cannot be read, include each other, or contradict each other.
    """
    group_edit.check_group_edits(edits)
    documents: dict[str, Document] = {}
    wishes: dict[Key, Wish] = {}
    places: dict[str, None] = {}
    for _ in range(MOST_WALKS):
        walk = _Walk(search_path=search_path, edits=edits, wishes=wishes, documents=documents)
        walk.start()
        settled = walk.settled_wishes()
        if settled == wishes:
            walk.finish()
            return Chosen(layers=tuple(walk.layers), slots=walk.slots)
        wishes = settled
        places.update(dict.fromkeys(wish.source.place for wish in wishes.values()))
    raise errors.ConfigError(
        "the choices in the defaults lists change each other without end",
        where=", ".join(places),
        hint="remove an `override` entry, or choose the group on the command line",
    )


@dataclass(kw_only=True)
class _Walk:
    """One pass with the wishes that the pass before has found."""

    search_path: SearchPath
    edits: Sequence[GroupEdit]
    wishes: dict[Key, Wish]
    documents: dict[str, Document]
    layers: list[Node] = field(default_factory=list[Node])
    slots: dict[Key, Slot] = field(default_factory=dict[Key, Slot])
    found: list[Wish] = field(default_factory=list[Wish])
    problems: list[errors.ConfigError] = field(default_factory=list[errors.ConfigError])
    used: set[int] = field(default_factory=set[int])
    stack: list[str] = field(default_factory=list[str])

    def start(self) -> None:
        if BASE not in self.search_path.files:
            raise errors.ConfigError("no config.yaml", hint=f"searched: {self.search_path.folders}")
        self.visit(BASE, group="", package="", header=False)
        for number, edit in enumerate(self.edits):
            if edit.action is Action.add:
                self.append(number, edit)

    def append(self, number: int, edit: GroupEdit) -> None:
        package = edit.group.replace("/", ".") if edit.package is None else _absolute(edit.package)
        self.used.add(number)
        if (edit.group, package) in self.slots:
            self.problems.append(
                errors.OverrideError(
                    f"`{edit.group}` is already chosen",
                    where=edit.source.where,
                    hint=f"{edit.group}={','.join(edit.options)}",
                )
            )
            return
        entry = Entry(
            kind="group",
            group="/" + edit.group,
            package=None if edit.package is None else f"{GLOBAL}.{package}".rstrip("."),
            options=edit.options,
            source=edit.source,
        )
        self.take(entry, group="", package="")

    def visit(self, name: str, *, group: str, package: str, header: bool) -> None:
        """Adds one file and what its defaults list names."""
        document = self.document(name)
        if name in self.stack:
            raise errors.ConfigError(
                f"defaults lists include each other: {' -> '.join([*self.stack, name])}",
                where=f"{document.path}:1",
                hint="remove one of the entries",
            )
        self.stack.append(name)
        target = _absolute(document.package) if header and document.package is not None else package
        for entry in read_entries(document):
            if entry.kind == "self":
                self.layers.append(_placed(document.body, target))
            elif entry.kind == "file":
                self.include(entry, group=group, package=target)
            elif entry.mark == "override":
                self.wish(entry, group=group, package=target)
            else:
                self.take(entry, group=group, package=target)
        self.stack.pop()

    def document(self, name: str) -> Document:
        if name not in self.documents:
            path = self.search_path.files[name]
            self.documents[name] = read_document(path, shown=self.search_path.show(path))
        return self.documents[name]

    def include(self, entry: Entry, *, group: str, package: str) -> None:
        name = _join(group, entry.group)
        target = package if entry.package is None else _inside(package, entry.package)
        if name in self.search_path.files:
            self.visit(name, group=name.rpartition("/")[0], package=target, header=entry.package is None)
        else:
            self.problems.append(self.unknown_option(*_split(name), entry.source))

    def wish(self, entry: Entry, *, group: str, package: str) -> None:
        target = None if entry.package is None else _inside(package, entry.package)
        name = _join(group, entry.group)
        self.found.append(Wish(group=name, package=target, options=entry.options, source=entry.source))

    def take(self, entry: Entry, *, group: str, package: str) -> None:
        """Adds the options of one group."""
        name = _join(group, entry.group)
        key = (name, _package_of(entry, name, package))
        if key in self.slots:
            self.problems.append(
                errors.ConfigError(
                    f"`{name}` is chosen twice, here and at {self.slots[key].source.place}",
                    where=entry.source.where,
                    hint=f"- override /{name}: {', '.join(entry.options)}",
                )
            )
            return
        slot = self.decide(key, Slot(options=entry.options, source=entry.source))
        if slot is None:
            return
        self.slots[key] = slot
        for option in slot.options:
            self.take_option(entry, key, option, slot.source)

    def take_option(self, entry: Entry, key: Key, option: str, source: Source) -> None:
        name = f"{key[0]}/{option}"
        if name in self.search_path.files:
            self.visit(name, group=key[0], package=key[1], header=entry.package is None)
        elif option == MISSING:
            self.problems.append(self.undecided(key[0], source))
        elif entry.mark != "optional":
            self.problems.append(self.unknown_option(key[0], option, source))

    def decide(self, key: Key, slot: Slot) -> Slot | None:
        """What is taken at a group's place; None when the command line has deleted it."""
        if key in self.wishes:
            slot = Slot(options=self.wishes[key].options, source=self.wishes[key].source)
        for number, edit in enumerate(self.edits):
            if edit.action is Action.add or not _matches(edit.group, edit.package, key):
                continue
            self.used.add(number)
            if edit.action is Action.change:
                return Slot(options=edit.options, source=edit.source)
            if edit.options and edit.options != slot.options:
                self.problems.append(_not_equal(edit, slot))
            return None
        return slot

    def settled_wishes(self) -> dict[Key, Wish]:
        """The last wish for each group that takes part."""
        settled: dict[Key, Wish] = {}
        for wish in self.found:
            keys = [key for key in self.slots if _matches(wish.group, wish.package, key)]
            settled.update(dict.fromkeys(keys, wish))
        return settled

    def finish(self) -> None:
        """Raises the first thing that was wrong in the final pass."""
        for number, edit in enumerate(self.edits):
            if number not in self.used:
                raise self.not_in_list(edit)
        deleted = {edit.group for edit in self.edits if edit.action is Action.delete}
        for wish in self.found:
            if wish.group not in deleted and not any(
                _matches(wish.group, wish.package, k) for k in self.slots
            ):
                raise errors.ConfigError(
                    f"nothing to override: `{wish.group}` is in no defaults list",
                    where=wish.source.where,
                    hint=f"- /{wish.group}: {', '.join(wish.options)}",
                )
        for problem in self.problems:
            raise problem

    def not_in_list(self, edit: GroupEdit) -> errors.ConfigError:
        packages = [f"{group}@{package}" for group, package in self.slots if group == edit.group]
        option = ",".join(edit.options) or "OPTION"
        if edit.action is Action.delete:
            hint = f"groups in it: {choices(group for group, _ in self.slots)}"
        else:
            hint = "\n".join(f"{p}={option}" for p in packages) or f"+{edit.group}={option}"
        return errors.UnknownChoice(
            f"`{edit.group}` is not in the defaults list", where=edit.source.where, hint=hint
        )

    def unknown_option(self, group: str, option: str, source: Source) -> errors.ConfigError:
        options = self.search_path.options(group)
        if not group:
            return errors.UnknownChoice(
                f"no file {words.shown(option)}",
                where=source.where,
                nearest=nearest(option, options),
                hint=f"searched: {self.search_path.folders}",
            )
        if not options:
            return errors.UnknownChoice(
                f"no group {words.shown(group)}",
                where=source.where,
                nearest=nearest(group, sorted(self.search_path.groups)),
                hint=f"groups: {choices(sorted(self.search_path.groups))}",
            )
        close = nearest(option, options)
        token = f"{group}={close[0]}\n" if close and source.kind == "override" else ""
        return errors.UnknownChoice(
            f"no option {words.shown(option)} in group `{group}`",
            where=source.where,
            nearest=close,
            hint=f"{token}options: {choices(options, close=close)} (searched: {self.search_path.folders})",
        )

    def undecided(self, group: str, source: Source) -> errors.ConfigError:
        options = self.search_path.options(group)
        return errors.MissingValue(
            f"`{group}` must be chosen", where=source.where, hint=f"{group}=OPTION, one of {choices(options)}"
        )


def _not_equal(edit: GroupEdit, slot: Slot) -> errors.ConfigError:
    return errors.OverrideError(
        f"`{edit.group}` is `{', '.join(slot.options)}`, not `{', '.join(edit.options)}`, and stays",
        where=edit.source.where,
        hint=f"~{edit.group} deletes it whatever it is",
    )


def _matches(group: str, package: str | None, key: Key) -> bool:
    """Whether a group, and a package where one is named, mean the place `key`."""
    if group != key[0]:
        return False
    return key[1] == (group.replace("/", ".") if package is None else _absolute(package))


def _join(group: str, name: str) -> str:
    if name.startswith("/"):
        return name[1:]
    return f"{group}/{name}" if group else name


def _split(name: str) -> tuple[str, str]:
    group, _, option = name.rpartition("/")
    return group, option


def _package_of(entry: Entry, name: str, parent: str) -> str:
    if entry.package is not None:
        return _inside(parent, entry.package)
    if entry.group.startswith("/"):
        return name.replace("/", ".")
    return _inside(parent, entry.group.replace("/", "."))


def _inside(parent: str, package: str) -> str:
    if package == GLOBAL or package.startswith(GLOBAL + "."):
        return _absolute(package)
    if package == HERE:
        return parent
    return f"{parent}.{package.removeprefix(HERE + '.')}".strip(".")


def _absolute(package: str) -> str:
    return package.removeprefix(GLOBAL).strip(".")


def _placed(body: Node, package: str) -> Node:
    for part in reversed(package.split(".")) if package else ():
        body = Node(content={part: body}, source=body.source)
    return body
