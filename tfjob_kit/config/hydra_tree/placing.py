"""Where a key of the Hydra config lies in ours.

Owns what counts as certain: a key of the schema whose value its field takes; a parameter of a group named
`model` or `data`, under `params`. Must not know files.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from tfjob_kit import errors
from tfjob_kit.config.grammar import interpolations
from tfjob_kit.config.grammar.keys import Path, format_path
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.hydra_tree import advice
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.node import Node
from tfjob_kit.config.typed import convert, fields

__all__ = ["Place", "map_package", "place_key"]

_WITH_PARAMS = ("model", "data")
_PARAMS = "params"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The outcome for one key.

    Attributes:
        path: Where it goes; None when nowhere.
        message: Why nowhere.
        instead: What to do, or what else the key may have meant.
    """

    path: Path | None
    message: str = ""
    instead: str | None = None


def map_package(package: str, groups: Set[str]) -> str | None:
    """Our package for the body of a file; None when none of its keys have a place.

    Args:
        package: In Hydra's config; empty for the root.
        groups: Groups of the Hydra tree.
    """
    path: tuple[str, ...] = tuple(package.split(".")) if package else ()
    field = fields.at(path)
    if field is not None and (field.is_any or field.is_map or field.dataclass is not None):
        return package
    if path and path[0] in _WITH_PARAMS and path[0] in groups:
        return ".".join((path[0], _PARAMS, *path[1:]))
    return None


def place_key(path: Path, node: Node, groups: Set[str]) -> Place:
    """The place of one value.

    Args:
        path: In Hydra's config, from the root.
        node: A word, a list, or an empty dict.
        groups: Groups of the Hydra tree.
    """
    if path[0] == "hydra":
        section = str(path[1]) if len(path) > 1 else ""
        return Place(path=None, message="it configures Hydra itself", instead=advice.of_hydra(section))
    keyword = next((str(part) for part in path if part in advice.INSTANTIATION), None)
    if keyword is not None:
        return Place(
            path=None, message="no object is made from a config", instead=advice.of_keyword(keyword, path)
        )
    if fields.at(path) is not None:
        return _typed(path, node)
    if path[0] in _WITH_PARAMS and path[0] in groups and len(path) > 1:
        return Place(path=(path[0], _PARAMS, *path[1:]), instead=_suggested(path, node))
    return Place(
        path=None,
        message=f"there is no key `{format_path(path)}` here",
        instead=_suggested(path, node) or "add it to params of a model or data option, or leave it out",
    )


def _typed(path: Path, node: Node) -> Place:
    """A key of ours, if its field takes the value; what is still open or interpolated is taken."""
    field = fields.at(path)
    if field is None or _is_open(node):
        return Place(path=path)
    try:
        convert.convert(convert.fill(_as_hydra_reads(node), field), field, path)
    except errors.ConfigError as error:
        hint = (error.hint or "").replace("\n", "; ") or None
        return Place(path=None, message=f"the key is there, but {error.message}", instead=hint)
    return Place(path=path)


def _is_open(node: Node) -> bool:
    word = node.content
    return isinstance(word, Word) and (word.text == convert.MISSING or interpolations.is_live(word.text))


def _as_hydra_reads(node: Node) -> Node:
    """Unquoted `yes` or `0777` as the value that Hydra's YAML 1.1 makes of it."""
    word = node.content
    if isinstance(word, Word) and word.trap is not None:
        return nodes.Node(content=Word(text=word.trap, value=word.value), source=node.source)
    return node


def _suggested(path: Path, node: Node) -> str | None:
    """What a usual name may mean here."""
    found = advice.suggestion(path)
    if found is None:
        return None
    key, note = found
    if isinstance(node.content, Word) and node.content.value is None:
        return None
    takes_it = not note and not _is_open(node) and _typed(tuple(key.split(".")), node).path is not None
    text = f"{key}={nodes.as_text(node)}" if takes_it else f"{key} ({note})" if note else f"{key}=VALUE"
    return f"if it means the same: {text}"
