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
from tfjob_kit.config.files import choice_errors, group_edit, packages
from tfjob_kit.config.files.choice_errors import Slot
from tfjob_kit.config.files.defaults_list import MISSING, Entry, read_entries
from tfjob_kit.config.files.document import Document, read_document
from tfjob_kit.config.files.group_edit import GroupEdit
from tfjob_kit.config.files.packages import Key
from tfjob_kit.config.files.search_path import SearchPath
from tfjob_kit.config.grammar.override import Action
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import DEFAULT, Source

BASE = "config"
MOST_WALKS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """An option that an entry marked `override` asks for."""

    group: str
    package: str | None
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


def choose(
    search_path: SearchPath, edits: Sequence[GroupEdit], *, documents: dict[str, Document] | None = None
) -> Chosen:
    """Walks the defaults lists from `config.yaml` on.

    Args:
        search_path: What there is.
        edits: Of the command line.
        documents: Files that were read before, by `group/option`; those that are read now are added.

    Raises:
        UnknownChoice: A group or option that does not exist; edits that match nothing.
        ConfigError: Files that cannot be read, include each other, or contradict each other.
    """
    edits = group_edit.check_group_edits(edits)
    documents = {} if documents is None else documents
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
        self.visit(BASE, DEFAULT, group="", package="", header=False)
        for number, edit in enumerate(self.edits):
            if edit.action is Action.add:
                self.append(number, edit)

    def append(self, number: int, edit: GroupEdit) -> None:
        package = edit.group.replace("/", ".") if edit.package is None else packages.absolute(edit.package)
        self.used.add(number)
        if (edit.group, package) in self.slots:
            chosen = self.slots[edit.group, package].options
            self.problems.append(
                errors.OverrideError(
                    f"`{edit.group}` is already {'chosen' if chosen else 'in the defaults list'}",
                    where=edit.source.where,
                    hint=f"{edit.group}={','.join(edit.options)}",
                    source=edit.source.under_key(),
                )
            )
            return
        entry = Entry(
            kind="group",
            group="/" + edit.group,
            package=None if edit.package is None else f"{packages.GLOBAL}.{package}".rstrip("."),
            options=edit.options,
            source=edit.source,
        )
        self.take(entry, group="", package="")

    def visit(self, name: str, source: Source, *, group: str, package: str, header: bool) -> None:
        """Adds one file, which stands at `source`, and what its defaults list names."""
        document = self.document(name)
        if name in self.stack:
            raise errors.ConfigError(
                f"defaults lists include each other: {' -> '.join([*self.stack, name])}",
                where=source.where,
                hint="remove one of the entries",
                source=source.under_value(),
            )
        self.stack.append(name)
        if header and document.package is not None:
            target, named = packages.absolute(document.package), document.package_source
        else:
            target, named = package, source if not header else document.body.source
        for entry in read_entries(document):
            if entry.kind == "self":
                self.layers.append(packages.placed(document.body, target, named))
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
        name = packages.join(group, entry.group)
        target = package if entry.package is None else packages.inside(package, entry.package)
        if name in self.search_path.files:
            header = entry.package is None
            self.visit(name, entry.source, group=name.rpartition("/")[0], package=target, header=header)
        else:
            self.problems.append(
                choice_errors.unknown_option(self.search_path, *packages.split(name), entry.source)
            )

    def wish(self, entry: Entry, *, group: str, package: str) -> None:
        target = None if entry.package is None else packages.inside(package, entry.package)
        name = packages.join(group, entry.group)
        self.found.append(Wish(group=name, package=target, options=entry.options, source=entry.source))

    def take(self, entry: Entry, *, group: str, package: str) -> None:
        """Adds the options of one group."""
        name = packages.join(group, entry.group)
        key = (name, packages.package_of(entry, name, package))
        if key in self.slots:
            self.problems.append(
                errors.ConfigError(
                    f"`{name}` is chosen twice, here and at {self.slots[key].source.place}",
                    where=entry.source.where,
                    hint=f"- override /{name}: {', '.join(entry.options)}",
                    source=entry.source.under_key(),
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
            self.visit(name, source, group=key[0], package=key[1], header=entry.package is None)
        elif option == MISSING:
            self.problems.append(choice_errors.undecided(self.search_path, key[0], source))
        elif entry.mark != "optional":
            self.problems.append(choice_errors.unknown_option(self.search_path, key[0], option, source))

    def decide(self, key: Key, slot: Slot) -> Slot | None:
        """What is taken at a group's place; None when the command line has deleted it."""
        if key in self.wishes:
            slot = Slot(options=self.wishes[key].options, source=self.wishes[key].source)
        for number, edit in enumerate(self.edits):
            if edit.action is Action.add or not packages.matches(edit.group, edit.package, key):
                continue
            self.used.add(number)
            if edit.action is Action.change:
                return Slot(options=edit.options, source=edit.source)
            if edit.options and edit.options != slot.options:
                self.problems.append(choice_errors.not_equal(edit, slot))
            return None
        return slot

    def settled_wishes(self) -> dict[Key, Wish]:
        """The last wish for each group that takes part."""
        settled: dict[Key, Wish] = {}
        for wish in self.found:
            keys = [key for key in self.slots if packages.matches(wish.group, wish.package, key)]
            settled.update(dict.fromkeys(keys, wish))
        return settled

    def finish(self) -> None:
        """Raises the first thing that was wrong in the final pass."""
        for number, edit in enumerate(self.edits):
            if number not in self.used:
                raise choice_errors.not_in_list(edit, self.slots)
        deleted = {edit.group for edit in self.edits if edit.action is Action.delete}
        for wish in self.found:
            if wish.group not in deleted and not any(
                packages.matches(wish.group, wish.package, k) for k in self.slots
            ):
                raise errors.ConfigError(
                    f"nothing to override: `{wish.group}` is in no defaults list",
                    where=wish.source.where,
                    hint=f"- /{wish.group}: {', '.join(wish.options)}",
                    source=wish.source.under_key(),
                )
        for problem in self.problems:
            raise problem
