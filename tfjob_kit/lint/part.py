"""A value of a document and where it stands; reading it never fails, whatever the document holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

__all__ = ["Part", "Path", "format_path"]

Path = tuple[str | int, ...]
"""Keys and indices from the top of the document."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def format_path(path: Path) -> str:
    """`spec.tfReplicaSpecs.Chief.template.spec.containers[0]`, keys with dots as `labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


@dataclass(frozen=True, slots=True)
class Part:
    """One value.

    Attributes:
        path: Where it stands.
        value: None where there is nothing: Kubernetes reads a null as an absent field.
    """

    path: Path
    value: Any

    def at(self, *steps: str | int) -> Part:
        """The value below these keys and indices; of None where a step leads nowhere."""
        value: Any = self.value
        for step in steps:
            if isinstance(step, str):
                value = cast("dict[str, Any]", value).get(step) if isinstance(value, dict) else None
            else:
                items = cast("list[Any]", value) if isinstance(value, list) else []
                value = items[step] if -len(items) <= step < len(items) else None
        return Part((*self.path, *steps), value)

    @property
    def exists(self) -> bool:
        """Whether something stands there."""
        return self.value is not None

    @property
    def text(self) -> str | None:
        """The value if it is text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def integer(self) -> int | None:
        """The value if it is a whole number."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    @property
    def is_true(self) -> bool:
        """Whether it is `true`."""
        return self.value is True

    def entries(self) -> Iterator[tuple[str, Part]]:
        """Keys and values of a mapping; nothing for anything else."""
        value: Any = self.value
        if isinstance(value, dict):
            for key, below in cast("dict[Any, Any]", value).items():
                if isinstance(key, str):
                    yield key, Part((*self.path, key), below)

    def items(self) -> Iterator[Part]:
        """Items of a list; nothing for anything else."""
        value: Any = self.value
        if isinstance(value, list):
            for index, item in enumerate(cast("list[Any]", value)):
                yield Part((*self.path, index), item)

    def texts(self) -> Iterator[Part]:
        """Items of a list that are text."""
        return (item for item in self.items() if isinstance(item.value, str))
