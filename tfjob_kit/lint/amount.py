"""A quantity in a document, as a number."""

from __future__ import annotations

from decimal import Decimal

from tfjob_kit import errors
from tfjob_kit.lint.part import Part
from tfjob_kit.plan.quantities import parse_quantity

__all__ = ["amount_of"]


def amount_of(part: Part) -> Decimal | None:
    """Bytes, cores or pieces; None where nothing stands, or what is no quantity, which a rule reports."""
    if isinstance(part.value, bool) or not isinstance(part.value, int | float | str):
        return None
    try:
        return parse_quantity(str(part.value), key="")
    except errors.InvalidValue:
        return None
