"""What a data source gives to the trainer.

Owns the two types that a source returns and the error that it raises. A source is a function of its
parameters and the seed alone, so that every replica, and every restart, sees the same examples under the
same indices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tfjob_kit import errors

__all__ = ["DataError", "DataSource", "Split", "check_params"]


class DataError(errors.TfjobKitError):
    """The data cannot be read, or is not what it should be."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Examples that are found by their index.

    Attributes:
        size: Number of examples; indices run from 0.
        fetch: Indices `[n] int64` -> inputs `[n, ...]` and labels `[n, ...]`, traced inside tf.data: a
            function of the indices alone, TensorFlow operations only, static shapes but for `n`.
    """

    size: int
    fetch: Callable[[Any], tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """Training and evaluation examples of one source."""

    train: Split
    evaluation: Split


def check_params(name: str, params: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuses parameters that the source does not have.

    Raises:
        ConfigError: An unknown one; names those that exist.
    """
    allowed = sorted(known)
    for key in params:
        if key not in allowed:
            raise errors.UnknownChoice(
                f"data source `{name}` has no parameter `{key}`",
                where=f"data.params.{key}",
                nearest=tuple(allowed),
                hint=f"parameters of {name}: {', '.join(allowed) or 'none'}",
            )
