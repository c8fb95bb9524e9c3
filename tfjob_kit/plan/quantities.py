"""Kubernetes quantities, read exactly and without a server.

Owns the arithmetic of `500m`, `16Gi`, `1e3`. Rules: apimachinery pkg/api/resource/quantity.go (v0.36).
"""

from __future__ import annotations

import decimal
import re
from decimal import Decimal

from tfjob_kit import errors

__all__ = ["parse_quantity"]

_FORM = re.compile(
    r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII
)
_BINARY = {f"{letter}i": Decimal(1024) ** (i + 1) for i, letter in enumerate("KMGTPE")}
_DECIMAL = {s: Decimal(10) ** e for s, e in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)}
_CONTEXT = decimal.Context(prec=60)


def parse_quantity(text: str, *, key: str) -> Decimal:
    """The number that a quantity means: bytes of memory, cores of cpu.

    Args:
        text: `500m`, `16Gi`, `0.5`, `1e3`.
        key: The config key that holds it, for the message.

    Raises:
        InvalidValue: Not a quantity, or below zero, or too large for Kubernetes.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise errors.InvalidValue(
            f"`{text}` is not a quantity",
            where=key,
            hint=f"write it as Kubernetes does: `{key}=16Gi`, `500m`, `4`",
        )
    value = _CONTEXT.multiply(Decimal(match["number"]), _scale(match["suffix"]))
    if value < 0:
        raise errors.InvalidValue(f"`{text}` is below zero", where=key, hint="a quantity counts from 0 up")
    if value >= 2**63:
        raise errors.InvalidValue(f"`{text}` is more than Kubernetes can hold (2^63 - 1)", where=key)
    return value


def _scale(suffix: str | None) -> Decimal:
    if suffix is None:
        return Decimal(1)
    if suffix in _BINARY:
        return _BINARY[suffix]
    if suffix in _DECIMAL:
        return _DECIMAL[suffix]
    exponent = max(-30, min(30, int(suffix[1:])))
    return Decimal(10) ** exponent
