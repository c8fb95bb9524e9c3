"""A config that is there already, with a few values changed.

Owns overrides on a resolved config, as it comes back from a job. Choices of groups were made when the job
was; here keys alone can be set.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfjob_kit import errors
from tfjob_kit.config import plain, schema
from tfjob_kit.config.edits import Placed, Surroundings, apply_edit, check_edits
from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.override import parse_override
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.tree.source import DEFAULT, Source
from tfjob_kit.config.typed import convert

__all__ = ["amend"]


def amend(config: schema.RunConfig, overrides: Sequence[str]) -> schema.RunConfig:
    """The config after these overrides; text that looks like an interpolation stays text.

    Raises:
        OverrideError: An override that cannot be read or applied.
        UnknownChoice: A key that does not exist.
        InvalidValue: A value that its field does not take.
    """
    placed = [_place(raw, number, len(overrides)) for number, raw in enumerate(overrides, 1)]
    check_edits(placed)
    around = Surroundings(groups=dict, options_with=lambda path: ())
    tree = nodes.make_node(plain.to_plain(config), DEFAULT, quoted=True)
    for edit in placed:
        tree = apply_edit(tree, edit, around)
    return convert.convert_run(convert.fill(tree))


def _place(raw: str, number: int, total: int) -> Placed:
    source = Source(kind="override", number=number, total=total, raw=words.printable(raw))
    try:
        return Placed(override=parse_override(raw), source=source)
    except errors.OverrideError as error:
        error.where = source.where
        raise
