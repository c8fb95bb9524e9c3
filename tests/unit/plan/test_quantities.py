from __future__ import annotations

from decimal import Decimal

import pytest

from tfjob_kit import errors
from tfjob_kit.plan.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4", 4),
        ("500m", Decimal("0.5")),
        ("1.5", Decimal("1.5")),
        (".5", Decimal("0.5")),
        ("1.", 1),
        ("16Gi", 16 * 2**30),
        ("1.5Gi", 3 * 2**29),
        ("64Mi", 64 * 2**20),
        ("1Ki", 1024),
        ("1k", 1000),
        ("16G", 16 * 10**9),
        ("1e3", 1000),
        ("12E3", 12000),
        ("100n", Decimal("1e-7")),
        ("0", 0),
        ("7Ei", 7 * 2**60),
    ],
)
def test_a_quantity_is_read_exactly(text, number):
    assert parse_quantity(text, key="k") == number


@pytest.mark.parametrize(
    "text", ["", "GB", "16GB", "16gi", "1K", "1 Gi", "1e", "--1", "0x10", "٣", "-1", "8Ei"]
)
def test_what_is_no_quantity_is_refused_with_its_key(text):
    with pytest.raises(errors.InvalidValue) as caught:
        parse_quantity(text, key="resources.memory")
    assert text in caught.value.message
    assert caught.value.where == "resources.memory"
