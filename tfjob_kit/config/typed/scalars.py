"""What one word means for a field: text, numbers, enums, quantities, durations, sizes.

Owns what each type accepts and the nearest legal forms of what it refuses. Raises Refusal; conversion adds
the key and the place.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Any, cast, get_args

from tfjob_kit.config import plain, schema
from tfjob_kit.config.grammar import words, writing
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.nearest import nearest
from tfjob_kit.config.typed.fields import Field

_QUANTITY = re.compile(
    r"\+?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?"
)
_LOOSE_QUANTITY = re.compile(r"[+-]?\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_DURATION = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
_LOOSE_DURATION = re.compile(r"[+-]?\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_UNIT_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "": 1}
_LONGEST = 12  # Digits of a number of seconds.


class Refusal(Exception):
    """A word that a field does not take.

    Attributes:
        problem: What goes behind the key: `must be a whole number, not ...`.
        forms: Values that it would take, nearest first.
        note: What else helps.
        names: Valid names close to what was written.
    """

    def __init__(
        self,
        problem: str,
        *,
        forms: tuple[str, ...] = (),
        note: str | None = None,
        names: tuple[str, ...] = (),
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.forms = forms
        self.note = note
        self.names = names


def read_scalar(word: Word, field: Field) -> Any:
    """The value of a field that holds one value, null apart.

    Raises:
        Refusal: The field does not take it.
    """
    if not word.text and not takes_text(field):
        is_size = field.type is schema.Size
        note = SIZE_NOTE if is_size else "give it a value"
        raise Refusal("may not be empty", forms=("1",) if is_size else (), note=note)
    if field.type is schema.Size:
        return _read_size(word)
    if isinstance(field.type, enum.EnumMeta):
        return _read_enum(word, cast("type[enum.Enum]", field.type))
    return _READERS[_reader_name(field.type)](word, field)


def check_trap(word: Word) -> None:
    """Refuses unquoted text that YAML 1.1 readers take for something else.

    Raises:
        Refusal: It is such a text.
    """
    if word.trap is not None:
        raise Refusal(
            f"is {written(word)}, which YAML 1.1 reads as {word.trap}",
            forms=(f'"{word.text}"',),
            note="quotes make it text",
        )


def written(word: Word) -> str:
    """The word in backquotes, with quotes where it had some."""
    return words.shown(f'"{word.text}"') if word.quoted else words.shown(word.text)


def takes_text(field: Field) -> bool:
    """Whether any text is a value of the field, the empty one included."""
    if isinstance(field.type, enum.EnumMeta):
        return any(member.value == "" for member in cast("type[enum.Enum]", field.type))
    return field.type is str or _reader_name(field.type) == "label"


def _reader_name(annotation: Any) -> str:
    kinds = [a.name for a in get_args(annotation)[1:] if isinstance(a, schema.Kind)]
    return kinds[0] if kinds else annotation.__name__


def _read_str(word: Word, field: Field) -> str:
    check_trap(word)
    return word.text


def _read_label(word: Word, field: Field) -> str:
    check_trap(word)
    if not word.quoted and not isinstance(word.value, str):
        raise Refusal(
            f"must be text, and {written(word)} is none",
            forms=(f'"{word.text}"',),
            note="quotes make it text",
        )
    return word.text


def _read_int(word: Word, field: Field) -> int:
    if word.quoted or not words.is_int(word.text):
        forms = _whole_forms(word, field)
        note = None if forms else "write digits: 4 or 1_000"
        raise Refusal(f"must be a whole number, not {written(word)}", forms=forms, note=note)
    value = int(word.text)
    _check_bounds(value, field, word)
    return value


def _whole_forms(word: Word, field: Field) -> tuple[str, ...]:
    value = words.meaning(word.text.lstrip("0") or "0")
    if isinstance(value, bool | str | None) or not abs(value) < 1e15:
        return ()
    lowest = int(field.minimum) if field.minimum is not None else int(value)
    return (str(max(lowest, int(value))),)


def _read_float(word: Word, field: Field) -> float:
    if word.quoted or not words.is_number(word.text):
        number = word.text if words.is_number(word.text) else None
        note = None if number else "write digits: 0.1, 1e-3 or 4"
        raise Refusal(f"must be a number, not {written(word)}", forms=(number,) if number else (), note=note)
    value = float(word.text)
    _check_bounds(value, field, word)
    return value


def _check_bounds(value: float, field: Field, word: Word) -> None:
    low, high = field.minimum, field.maximum
    if value != value:
        raise Refusal("must be a number, not `nan`", note="write digits: 0.1, 1e-3 or 4")
    if low is not None and value < low:
        raise Refusal(f"must be at least {low:g}, not {written(word)}", forms=(f"{low:g}",))
    if high is not None and value > high:
        raise Refusal(f"must be at most {high:g}, not {written(word)}", forms=(f"{high:g}",))


def _read_bool(word: Word, field: Field) -> bool:
    if isinstance(word.value, bool) and not word.quoted:
        return word.value
    guess = {"yes": "true", "on": "true", "1": "true", "true": "true"}
    guess |= {"no": "false", "off": "false", "0": "false", "false": "false"}
    form = guess.get(word.text.lower())
    raise Refusal(
        f"must be true or false, not {written(word)}",
        forms=(form,) if form else (),
        note="use true or false",
    )


def _read_enum(word: Word, cls: type[enum.Enum]) -> enum.Enum:
    names = [str(member.value) for member in cls]
    if word.text in names:
        return cls(word.text)
    by_case = [name for name in names if name.lower() == word.text.lower()]
    close = tuple(by_case) or nearest(word.text, names)
    rest = [name for name in names if name not in close]
    raise Refusal(
        f"cannot be {written(word)}",
        forms=close[:1],
        note=f"one of {', '.join([*close, *rest])}",
        names=close,
    )


def _read_quantity(word: Word, field: Field) -> str:
    check_trap(word)
    if _QUANTITY.fullmatch(word.text):
        return word.text
    raise Refusal(
        f"must be a quantity like 500m, 4, 1.5 or 16Gi, not {written(word)}",
        forms=_quantity_forms(word.text),
        note="units: m k M G T P E and Ki Mi Gi Ti Pi Ei",
    )


def _quantity_forms(text: str) -> tuple[str, ...]:
    match = _LOOSE_QUANTITY.fullmatch(text.strip())
    if match is None:
        return ()
    number, unit = match[1], match[2].lower()
    letter = unit[:1].upper()
    if not unit:
        return (number,)
    if unit not in (f"{letter.lower()}{tail}" for tail in ("", "i", "b", "ib")) or letter not in "KMGTPE":
        return ()
    return f"{number}{letter}i", f"{number}{'k' if letter == 'K' else letter}"


def _read_duration(word: Word, field: Field) -> int:
    check_trap(word)
    value = _seconds(word.text)
    if value is None:
        raise Refusal(
            f"must be a time like 90, 90s, 15m, 2h30m or 7d, not {written(word)}",
            forms=_duration_forms(word.text),
            note="units: s m h d; seconds without a unit",
        )
    _check_bounds(value, field, word)
    return value


def _seconds(text: str) -> int | None:
    if len(text) > _LONGEST:
        return None
    if words.is_int(text) and not text.startswith("-"):
        return int(text)
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    factors = (86400, 3600, 60, 1)
    return sum(int(part) * factor for part, factor in zip(match.groups("0"), factors, strict=True))


def _duration_forms(text: str) -> tuple[str, ...]:
    together = "".join(text.split())
    if together != text and _seconds(together) is not None:
        return (together,)
    match = _LOOSE_DURATION.fullmatch(text.strip())
    unit = match[2][:1].lower() if match else "?"
    if match is None or len(match[1]) > _LONGEST or unit not in _UNIT_SECONDS:
        return ()
    number = float(match[1])
    if number == int(number):
        return (f"{int(number)}{unit}" if unit != "w" else f"{int(number) * 7}d",)
    return (f"{round(number * _UNIT_SECONDS[unit])}s",)


SIZE_NOTE = "4: four GPUs, one each · 2x4: replicas x GPUs each · A100:4: with a type · 0: CPU"


def _read_size(word: Word) -> schema.Size:
    size = plain.parse_size(word.text) if word.text == word.text.strip() else None
    if size is None:
        problem = f"must be a number of GPUs, not {written(word)}"
        raise Refusal(problem, forms=_size_forms(word.text), note=SIZE_NOTE)
    return size


def _size_forms(text: str) -> tuple[str, ...]:
    head, colon, count = text.strip().rpartition(":")
    pair = re.fullmatch(r"([1-9][0-9]{0,5})\s*(?:by|x|X|\*|\u00d7)\s*([1-9][0-9]{0,5})", count)
    typed = re.fullmatch(r"(?:([0-9]{1,6})[xX*])?([A-Za-z][A-Za-z0-9.\-]*?)(?:[xX]([0-9]{1,6}))?", count)
    forms: tuple[str, ...]
    if pair:
        forms = (f"{pair[1]}x{pair[2]}",)
    elif words.is_number(count) and abs(float(count)) < 1e6:
        number = abs(float(count))
        forms = (str(int(number)),) if number == int(number) else (str(int(number)), str(int(number) + 1))
    elif count.lower() in _NUMBER_WORDS:
        forms = (str(_NUMBER_WORDS.index(count.lower())),)
    elif typed and not head:
        forms = (f"{typed[2]}:{typed[1] or typed[3] or 1}",)
    else:
        forms = ()
    return tuple(f"{head}{colon}{form}" for form in forms)


_NUMBER_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight")
_READERS: dict[str, Callable[[Word, Field], Any]] = {
    "str": _read_str,
    "label": _read_label,
    "int": _read_int,
    "float": _read_float,
    "bool": _read_bool,
    "quantity": _read_quantity,
    "duration": _read_duration,
}


def form_text(form: str) -> str:
    """A form as override text."""
    return writing.format_text(form[1:-1]) if form.startswith('"') else form
