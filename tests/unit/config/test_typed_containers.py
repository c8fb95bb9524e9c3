"""Lists and maps of dataclasses: filled with defaults, typed item by item, refused at the item."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tfjob_kit import errors
from tfjob_kit.config import Source, parse_override
from tfjob_kit.config.tree import node as nodes
from tfjob_kit.config.typed import convert
from tfjob_kit.config.typed.fields import Field


@dataclass(frozen=True, kw_only=True)
class Port:
    number: int = field(default=80, metadata={"minimum": 1})
    name: str | None = None


def typed(text: str, type: Any) -> Any:
    """A value of the command line as a field of that type has it."""
    raw, wanted = f"ports={text}", Field(type=type)
    source = Source(kind="override", number=1, total=1, raw=raw)
    node = nodes.make_node(parse_override(raw).parsed, source)
    return convert.convert(convert.fill(node, wanted), wanted, ("ports",))


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("[]", list[Port], []),
        ("[{number:1},{name:a}]", list[Port], [Port(number=1), Port(name="a")]),
        ("{a:{number:1},b:{}}", dict[str, Port], {"a": Port(number=1), "b": Port()}),
        ("{a:[{},{number:2}]}", dict[str, list[Port]], {"a": [Port(), Port(number=2)]}),
        ("[{a:1}]", list[dict[str, int]], [{"a": 1}]),
    ],
)
def test_a_container_of_dataclasses_is_typed_item_by_item(text: str, type: Any, value: object) -> None:
    assert value == typed(text, type)


@pytest.mark.parametrize(
    ("text", "type", "message", "token", "column"),
    [
        (
            "[{number:0}]",
            list[Port],
            "`ports[0].number` must be at least 1, not `0`",
            "'ports=[{number:1}]'",
            15,
        ),
        ("{a:[{number:x}]}", dict[str, list[Port]], "`ports.a[0].number` must be a whole number", "", 18),
        ("{a:1}", dict[str, Port], "`ports.a` holds keys of its own", "its keys: number, name", 9),
        ("{a:{}}", list[Port], "`ports` takes a list, not `{a:{}}`", "", 6),
    ],
)
def test_the_item_that_is_wrong_is_pointed_at(
    text: str, type: Any, message: str, token: str, column: int
) -> None:
    with pytest.raises(errors.InvalidValue) as caught:
        typed(text, type)
    assert message in caught.value.message
    assert token in (caught.value.hint or "")
    assert column == (caught.value.source or "").split("\n")[1].index("^")
