"""The entries of a defaults list, read from a document.

Owns their forms: `_self_`, `group: option`, `override /group@package: option`, `optional group: option`,
`name` of another file. Must not look for the files they name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from tfjob_kit import errors
from tfjob_kit.config.files.document import Document
from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.tree.source import Source

_KEY = re.compile(
    r"(?:(?P<mark>override|optional)\s+)?(?P<group>/?[A-Za-z0-9_\-]+(?:/[A-Za-z0-9_\-]+)*)"
    r"(?:@(?P<package>[A-Za-z0-9_.\-]+))?"
)
_FORMS = (
    "write `- group: option`, `- override /group: option`, `- optional group: option`, `- name` or `- _self_`"
)
MISSING = "???"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a defaults list.

    Attributes:
        kind: `self` is the file's own body, `file` another file of the same folder, `group` a choice.
        group: As written, a leading `/` included; the file's name for kind `file`.
        package: Behind `@`; None when it is not given.
        options: Chosen options; empty for null; `???` when the choice is left to the user.
        mark: `override` or `optional`.
        source: The line.
    """

    kind: Literal["self", "file", "group"]
    group: str = ""
    package: str | None = None
    options: tuple[str, ...] = ()
    mark: str | None = None
    source: Source


def read_entries(document: Document) -> tuple[Entry, ...]:
    """The defaults list of a document with `_self_` at its end where the file does not place it.

    Raises:
        ConfigError: A line that is no entry, or `_self_` twice.
    """
    node = document.defaults
    if node is None:
        return (Entry(kind="self", source=document.body.source),)
    if not isinstance(node.content, list):
        _fail("`defaults` must be a list", node.source)
    entries = tuple(_entry(item) for item in node.content)
    selves = [entry for entry in entries if entry.kind == "self"]
    if len(selves) > 1:
        _fail("`_self_` stands twice", selves[1].source)
    return entries if selves else (*entries, Entry(kind="self", source=node.source))


def _entry(node: Node) -> Entry:
    if isinstance(node.content, Word):
        return _word_entry(node.content.text, node.source)
    if not isinstance(node.content, dict) or len(node.content) != 1:
        _fail("this is no entry of a defaults list", node.source)
    ((key, value),) = node.content.items()
    match = _KEY.fullmatch(key)
    if match is None:
        _fail(f"{words.shown(key)} is no group", value.source)
    return Entry(
        kind="group",
        group=match["group"],
        package=match["package"],
        options=_options(value),
        mark=match["mark"],
        source=value.source,
    )


def _word_entry(text: str, source: Source) -> Entry:
    if text == "_self_":
        return Entry(kind="self", source=source)
    match = _KEY.fullmatch(text)
    if match is None or match["mark"] is not None:
        _fail(f"{words.shown(text)} is no entry of a defaults list", source)
    return Entry(kind="file", group=match["group"], package=match["package"], source=source)


def _options(node: Node) -> tuple[str, ...]:
    if isinstance(node.content, Word):
        return () if node.content.value is None else (_option(node.content, node.source),)
    if isinstance(node.content, list):
        return tuple(option for item in node.content for option in _options(item))
    _fail("an option is a name, a list of names or null", node.source)


def _option(word: Word, source: Source) -> str:
    if "${" in word.text:
        _fail("a defaults list cannot hold interpolations", source)
    return word.text


def _fail(message: str, source: Source) -> NoReturn:
    raise errors.ConfigError(message, where=source.where, hint=_FORMS, source=source.under_key())
