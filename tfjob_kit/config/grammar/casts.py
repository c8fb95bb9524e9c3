"""Casts in a value: `int(3.0)`, `str(1)`, applied to each element of a list or dict.

Owns what each cast accepts. Raises ValueError with one phrase; the reader adds the place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.words import Word

if TYPE_CHECKING:
    from tfjob_kit.config.grammar.values import Value


def cast(name: str, value: Value) -> Value:
    """The value with every word in it cast.

    Raises:
        ValueError: A word that the cast cannot take.
    """
    if isinstance(value, dict):
        return {key: cast(name, item) for key, item in value.items()}
    if isinstance(value, list):
        return [cast(name, item) for item in value]
    return replace(CASTS[name](value), span=value.span)


def _to_int(word: Word) -> Word:
    value = words.meaning(word.text)
    if isinstance(value, float) and value not in (float("inf"), float("-inf")) and value == value:
        return words.value_word(int(value))
    if isinstance(value, int):
        return words.value_word(int(value))
    raise ValueError(f"{words.shown(word.text)} is not a number")


def _to_float(word: Word) -> Word:
    value = words.meaning(word.text)
    if value is None or isinstance(value, str):
        raise ValueError(f"{words.shown(word.text)} is not a number")
    return words.value_word(float(value))


def _to_str(word: Word) -> Word:
    if word.value is None:
        raise ValueError("`null` is no text")
    return words.text_word(word.text)


def _to_bool(word: Word) -> Word:
    value = words.meaning(word.text)
    if value is None or isinstance(value, str):
        raise ValueError(f"{words.shown(word.text)} is neither true nor false")
    return words.value_word(bool(value))


CASTS: dict[str, Callable[[Word], Word]] = {
    "int": _to_int,
    "float": _to_float,
    "str": _to_str,
    "bool": _to_bool,
}
