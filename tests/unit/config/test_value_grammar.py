"""The value grammar against Hydra 1.3.8: each expected value is what its parser gave for the same text."""

import math
import shlex

import pytest

from tfjob_kit import errors
from tfjob_kit.config import parse_override

VALUES = [
    ("null", None),
    ("NULL", None),
    ("true", True),
    ("False", False),
    ("TRUE", True),
    ("inf", float("inf")),
    ("-inf", -float("inf")),
    ("+INF", float("inf")),
    ("10", 10),
    ("-20", -20),
    ("+5", 5),
    ("0", 0),
    ("1_000_000", 1000000),
    ("1__0", "1__0"),
    ("08", "08"),
    ("0777", "0777"),
    ("1e3", 1000.0),
    (".5", 0.5),
    ("1.", 1.0),
    ("-10e6", -10000000.0),
    ("1_0.5", 10.5),
    ("1e", "1e"),
    ("yes", "yes"),
    ("on", "on"),
    ("off", "off"),
    ("22:22", "22:22"),
    ("1Gi", "1Gi"),
    ("0x10", "0x10"),
    ("2024-01-01", "2024-01-01"),
    ("None", "None"),
    ("1.2.3", "1.2.3"),
    ("10 20", "10 20"),
    ("hello world", "hello world"),
    ("  hello world  ", "hello world"),
    ("a:b", "a:b"),
    ("a/b-c+d.e$f%g*h@i?j|k", "a/b-c+d.e$f%g*h@i?j|k"),
    ("'a,b'", "a,b"),
    ('"10"', "10"),
    ('"{a:1}"', "{a:1}"),
    ("'it\\'s'", "it's"),
    ('"say \\"hi\\""', 'say "hi"'),
    ("'a\\\\'", "a\\"),
    ("'a\\\\b'", "a\\\\b"),
    ("''", ""),
    ("", ""),
    ("'true'", "true"),
    ("[1,2,[a]]", [1, 2, ["a"]]),
    ("[]", []),
    ("[ 1 , two , 'three' ]", [1, "two", "three"]),
    ("[a b,c]", ["a b", "c"]),
    ("{}", {}),
    ("{a:1,b:{c:2}}", {"a": 1, "b": {"c": 2}}),
    ("{a: 1, b: [x,y]}", {"a": 1, "b": ["x", "y"]}),
    ("{a:b:c}", {"a": "b:c"}),
    ("{a b:1}", {"a b": 1}),
    ("${a.b}", "${a.b}"),
    ("pre${a.b}post", "pre${a.b}post"),
    ("${oc.env:X,dflt}", "${oc.env:X,dflt}"),
    ("[${a},b]", ["${a}", "b"]),
    ("\\,a", ",a"),
    ("a\\,b\\:c", "a,b:c"),
    ("\\ a\\ ", " a "),
    ("\\[a\\]", "[a]"),
    ("a\\b", "a\\b"),
    ("\\\\", "\\"),
    ("\\(a\\)", "(a)"),
    ("int(3.0)", 3),
    ("float(3)", 3.0),
    ("str(10)", "10"),
    ("bool(1)", True),
    ("int('7')", 7),
    ("str([1,2])", ["1", "2"]),
]
SWEPT = [
    "a,b",
    "1,2,3",
    "'a,b',c",
    "[1,2],[3]",
    "{a:1},{a:2}",
    "choice(a,b)",
    "range(5)",
    "range(0,1,0.25)",
    "interval(0,1)",
    "glob(*)",
    "glob([v*,r*],exclude=vit)",
    "sort(3,1,2)",
    "shuffle(a,b)",
    "tag(log,interval(1e-4,1))",
    "int(1.5,2.5)",
    "float(range(1,4))",
    "choice (a, b)",
]
REFUSED = [
    "foo(1)",
    "[1",
    "{a:1",
    "{a}",
    "a]",
    "a(b",
    "a)",
    "'abc",
    "it's",
    "[1,]",
    ",a",
    "a,",
    "{a:1}}",
    "[a}",
    "'a'b",
]
DIFFERENT_ON_PURPOSE = [
    ("a=b", "a=b"),
    ("s3://bucket?k=1", "s3://bucket?k=1"),
    ("größe", "größe"),
    ("a#b;c!d&e~f", "a#b;c!d&e~f"),
    ("\\${x}", "\\${x}"),
    ("${oc.env:X,'}'}", "${oc.env:X,'}'}"),
    ("{'a b':1}", {"a b": 1}),
    ("{'10':1}", {"10": 1}),
]


@pytest.mark.parametrize(("text", "value"), VALUES + DIFFERENT_ON_PURPOSE)
def test_a_text_means_its_value(text: str, value: object) -> None:
    found = parse_override(f"x={text}").value
    assert (type(value), value) == (type(found), found)


def test_nan_is_a_float_with_any_sign_and_case() -> None:
    assert [True] * 3 == [math.isnan(parse_override(f"x={t}").value) for t in ("nan", "-NaN", "+nan")]


@pytest.mark.parametrize("text", SWEPT)
def test_a_value_for_several_runs_is_refused_with_three_ways_out(text: str) -> None:
    with pytest.raises(errors.OverrideError, match="stands for several values") as caught:
        parse_override(f"x={text}")
    ways = (caught.value.hint or "").splitlines()
    assert ["list", "text", "value"] == [way.rpartition(" ")[2] for way in ways]
    assert "x=VALUE in a run of its own for each value" == ways[2]


@pytest.mark.parametrize("text", ["1,2", "a,b", "choice(a,b)"])
def test_the_ways_out_of_a_swept_value_can_be_pasted(text: str) -> None:
    with pytest.raises(errors.OverrideError) as caught:
        parse_override(f"x={text}")
    pasted = [line.partition(" for ")[0] for line in (caught.value.hint or "").splitlines()]
    as_list, as_text = (shlex.split(line)[0] for line in pasted[:2])
    assert isinstance(parse_override(as_list).value, list)
    assert text == parse_override(as_text).value


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_refused_with_a_caret(text: str) -> None:
    with pytest.raises(errors.OverrideError) as caught:
        parse_override(f"x={text}")
    assert caught.value.hint
    line, _, mark = (caught.value.source or "").partition("\n")
    assert f"x={text}" == line
    assert "^" == mark.strip()


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("x=[1", 2, "this bracket is never closed"),
        ("x={a:", 5, "a bracket before this place is never closed"),
        ("x='ab", 2, "this quote is never closed"),
        ("x=it's", 4, "the quote ' cannot stand inside a word"),
        ("x=0.1,oops(", 6, "unknown function `oops`"),
        ("x=a]", 3, "`]` cannot stand here"),
        ("x=a\nb", 3, "a line break cannot stand here"),
        ("x=${a", 2, "this interpolation is never closed"),
        ("x={a:1,a:2}", 7, "the key `a` stands twice"),
        ("x=extend_list(5)", 2, "`extend_list(...)` is not supported"),
        ("x=int(two)", 2, "`int(...)`: `two` is not a number"),
        ("x=bool(yes)", 2, "`bool(...)`: `yes` is neither true nor false"),
        ("x=" + "[" * 40, 34, "brackets are nested deeper than 32"),
        ("x=a\0", 3, "the override holds bytes that are not UTF-8 text"),
        ("a..b=1", 2, "a name is missing in the key"),
        ("a b=1", 1, "a blank cannot stand in a key"),
        ("a(b=1", 1, "`(` cannot stand in a key"),
        ("a@b:c=1", 3, "renaming a package is not supported"),
        ("+a+=[1]", 0, "`+` before the key and `+=` behind it cannot stand together"),
        ("a", 1, "`a` has no value"),
    ],
)
def test_the_caret_stands_under_the_fault(text: str, column: int, message: str) -> None:
    with pytest.raises(errors.OverrideError) as caught:
        parse_override(text)
    assert (message, column) == (caught.value.message, (caught.value.source or "").split("\n")[1].index("^"))
    assert 2 == caught.value.exit_code


def test_a_very_long_override_is_shown_around_its_fault() -> None:
    with pytest.raises(errors.OverrideError) as caught:
        parse_override("x=" + "a" * 500 + "]")
    line, mark = (caught.value.source or "").split("\n")
    assert "]" == line[mark.index("^")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("float([1,2])", [1.0, 2.0]),
        ("int({a:1.5,b:true})", {"a": 1, "b": 1}),
        ("bool(0)", False),
        ("[int(2.5)]", [2]),
        ("\\\\${a}", "\\\\${a}"),
        ("a\\,${b}", "a,${b}"),
        ("a\\\\${b}", "a\\\\${b}"),
    ],
)
def test_casts_and_escapes_reach_into_values(text: str, value: object) -> None:
    assert repr(parse_override(f"x={text}").value) == repr(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("float(x)", "`float(...)`: `x` is not a number"),
        ("int(inf)", "`int(...)`: `inf` is not a number"),
        ("bool(null)", "`bool(...)`: `null` is neither true nor false"),
        ("{a", "this bracket is never closed"),
        ("choice(a", "this bracket is never closed"),
        ("{a b", "this bracket is never closed"),
    ],
)
def test_a_cast_or_bracket_that_fails_says_why(text: str, message: str) -> None:
    with pytest.raises(errors.OverrideError) as caught:
        parse_override(f"x={text}")
    assert caught.value.message == message
