"""Writes goldens.json: what Hydra's own parser makes of each override below.

Hydra pins an older OmegaConf than the kit, so it lives in an environment of its own:

    python -m venv /tmp/hydra && /tmp/hydra/bin/pip install hydra-core==1.3.8
    /tmp/hydra/bin/python tests/unit/config/hydra_goldens/generate.py

Each row holds the text, and either `error` (Hydra refuses it) or `action`, `key`, `package` and `value`.
Plain values are JSON, floats as `{"float": "1000.0"}` in Python's repr, so that 1 and 1.0 differ. Values for
several runs are `{"sweep": NAME, ...}` with the attributes of Hydra's own class.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hydra
from hydra.core.override_parser import types
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

VERSION = "1.3.8"
OVERRIDES = [
    # change, add, force-add, delete
    "a=1", "a.b=1", "a.b.c=x", "+a=1", "+a.b=x", "++a=1", "++a.b=x", "~a", "~a.b", "~a=1", "~a.b=x", "a=",
    "+a=", "~a=", "a", "+a", "=1", "a.0.b=1", "$a=1", "a-b=1", "a b=1", "a..b=1", ".a=1", "a/b.c=1",
    # groups
    "db=mysql", "db/sub=x", "db@src=x", "db@src.inner=x", "db@_global_=x", "+db@src=x", "~db@src",
    "~db=mysql",
    "db@src:dst=x", "db@:dst=x", "db=[a,b]", "+db=[a]", "db=null", "db/a/b=x", "a-b/c-d=x", "db@a@b=x",
    # words and numbers
    "x=null", "x=NULL", "x=true", "x=False", "x=TRUE", "x=inf", "x=-inf", "x=+INF", "x=nan", "x=-nan", "x=10",
    "x=-20", "x=+5", "x=0", "x=-0", "x=00", "x=1_000_000", "x=1__0", "x=_1", "x=08", "x=0777", "x=1e3",
    "x=.5",
    "x=1.", "x=-10e6", "x=1_0.5", "x=1e", "x=1e+5", "x=1.5e-3", "x=1E3", "x=-.5", "x=.", "x=-", "x=+",
    "x=1.2.3",
    "x=yes", "x=no", "x=on", "x=off", "x=22:22", "x=1Gi", "x=0x10", "x=0b11", "x=2024-01-01", "x=None",
    "x=16Gi",
    "x=500m", "x=A100:4", "x=2x4", "x=10 20", "x=hello world", "x=  hello  world  ", "x=true false", "x=1 a",
    "x=a:b", "x=http://a.b:80/c?d", "x=a/b-c+d.e$f%g*h@i?j|k", "x=$a", "x=*", "x=@", "x=?", "x=|", "x=%",
    "x=:",
    "x=a:", "x=:a", "x=/", "x=a\tb", "x=\ta\t", "x=-a", "x=--a", "x=???",
    # quotes
    "x='a,b'", 'x="10"', 'x="{a:1}"', "x='it\\'s'", 'x="say \\"hi\\""', "x='a\\\\'", "x='a\\\\b'", "x=''",
    'x=""',
    "x='true'", "x='null'", "x='[1]'", "x=\"it's\"", "x='\"'", "x=' a '", "x='a\\tb'", "x='${a}'", "x='a=b'",
    "x='a' ", " x=1", "x= 'a'", "x='\\\\'", "x='\\\\\\''", "x='(a)'", "x='a\\\\\\\\b'", "x='é'", "x='#;!&~'",
    # lists and dicts
    "x=[]", "x=[1,2,[a]]", "x=[ 1 , two , 'three' ]", "x=[a b,c]", "x=['1',1]", "x=[null,true,1.5]",
    "x=[[],[[]]]",
    "x=[{a:1},{b:2}]", "x=[a:b]", "x=[1,]", "x=[,1]", "x=[,]", "x=[''] ", "x={}", "x={a:1}",
    "x={a:1,b:{c:2}}",
    "x={a: 1, b: [x,y]}", "x={a:b:c}", "x={a b:1}", "x={a:'x y'}", "x={a:}", "x={a}", "x={a:1,}", "x={1:a}",
    "x={true:a}", "x={a.b:1}", "x={a-b:1}", "x={a/b:1}", "x={ a : 1 }", "x={a:null}", "x={a:[1,{b:2}]}",
    "x={'a':1}",
    "x={$a:1}", "x={:1}", "+x={a:1}", "++x=[1]", "x={a:1}{b:2}", "x=[1][2]", "x={a:1} b",
    # interpolations
    "x=${a}", "x=${a.b}", "x=pre${a.b}post", "x=${oc.env:X,dflt}", "x=[${a},b]", "x={a:${b}}", "x=${a}${b}",
    "x=${a:b}", "x=${a:'x,y'}", "x=${a:${b}}", "x=${.a}", "x=${..a}", "x=a ${b} c", "x=${", "x=${a", "x=$",
    "x=${a:[1,2]}", "x=${a:{b:1}}", "x=a:${b}", "x=${a}:b",
    # escapes
    "x=\\,a", "x=a\\,b\\:c", "x=\\ a\\ ", "x=\\[a\\]", "x=a\\b", "x=\\\\", "x=\\(a\\)", "x=\\{a\\}",
    "x=a\\=b",
    "x=\\\ta", "x=a\\ b", "x=\\a", "x=a\\\\b", "x=[a\\,b]", "x={a:b\\,c}", "x={a\\:b:c}", "x=\\1", "x=\\true",
    "x=a\\ ", "x=\\'a\\'",
    # casts
    "x=int(3.0)", "x=float(3)", "x=str(10)", "x=bool(1)", "x=int('7')", "x=str([1,2])", "x=float([1,2])",
    "x=int(true)", "x=bool(true)", "x=bool('false')", "x=bool(0)", "x=str(true)", "x=str(1.10)",
    "x=str({a:1})",
    "x=int({a:1.5})", "x=float('1e3')", "x=int(two)", "x=float(x)", "x=bool(yes)", "x=int()", "x=str(a b)",
    "x=str('a')", "x=bool(2.0)", "x=[int(2.5)]", "x={a:str(1)}", "x=str(null)", "x=int(null)", "x=int(nan)",
    "x=int (1)", "x=json_str(1)", "x=str(int(1.5))", "x=float('x')", "x=bool([0,1])", "x=int(1_000)",
    # refused
    "x=foo(1)", "x=[1", "x=]", "x=a]", "x=a(b", "x=a)", "x=(", "x=()", "x='abc", "x=\"abc", "x=it's", "x=,a",
    "x=a,",
    "x={a:1}}", "x=[a}", "x='a'b", "x=a'b'", "x={a:1", "x=a\nb", "x=,", "x=extend_list(1)", "x=a{b", "x=a[b]",
    # different on purpose
    "x=a=b", "url=s3://b?k=1", "x=größe", "x=a#b", "x=a;b", "x=a!b", "x=a&b", "x=a~b", "größe=1",
    "x={'a b':1}",
    "a\\.b=1", "a[0]=1", "x=#", "x=`a`", "x=<a>", "x=a^b",
]  # fmt: skip
SWEEPS = [
    "x=a,b", "x=1,2,3", "x='a,b',c", "x=[1,2],[3]", "x={a:1},{a:2}", "x=a b, c", "x=1,a,null",
    "x=choice(a,b)",
    "x=choice(a)", "x=choice([1],2)", "x=choice('a,b')", "x=range(5)", "x=range(1,10)", "x=range(1,10,2)",
    "x=range(5,0,-2)", "x=range(0,1,0.25)", "x=range(1.5)", "x=range(start=1,stop=5)", "x=range(1,5,step=2)",
    "x=range(1,5,0)", "x=range(5,1)", "x=interval(0,1)", "x=interval(1e-4,1)", "x=interval(1,0)",
    "x=interval(start=0,end=1)", "x=glob(*)", "x=glob([v*,r*])", "x=glob([v*,r*],exclude=vit)",
    "x=glob(*,exclude=[a,b])", "x=glob(include=a*)", "x=sort(3,1,2)", "x=sort(3,1,2,reverse=true)",
    "x=sort(choice(c,a,b))", "x=sort(range(3,0,-1))", "x=sort([3,1,2])", "x=sort(a)", "x=shuffle(a,b,c)",
    "x=shuffle(range(1,4))", "x=tag(log,interval(1e-4,1))", "x=tag(a,b,choice(1,2))",
    "x=tag(interval(0,1))", "x=tag(tags=[a,b],sweep=choice(a,b))", "x=int(1.5,2.5)", "x=float(range(1,4))",
    "x=str(choice(1,2))", "x=bool(choice(1,0))", "x=int(interval(0.5,1.5))", "x=float(1,2)", "x=str(1,2)",
    "x=choice (a, b)", "x=choice()", "x=range()", "x=glob()", "+x=1,2", "db=a,b", "~x=1,2",
    "x=[1,choice(a,b)]",
    "x=choice(a,choice(b,c))",
]  # fmt: skip


def main() -> None:
    """Parses all and writes the rows."""
    if hydra.__version__ != VERSION:
        raise SystemExit(f"hydra-core {VERSION} is wanted, and this is {hydra.__version__}")
    parser = OverridesParser.create()
    rows = {
        "hydra": VERSION,
        "overrides": [row(parser, text) for text in OVERRIDES],
        "sweeps": [row(parser, text) for text in SWEEPS],
    }
    lines = [
        f' "{name}": ' + (json.dumps(part) if isinstance(part, str) else listed(part))
        for name, part in rows.items()
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("goldens.json").write_text(text, encoding="utf-8")


def listed(part: list[dict[str, Any]]) -> str:
    return "[\n  " + ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in part) + "\n ]"


def row(parser: OverridesParser, text: str) -> dict[str, Any]:
    try:
        found = parser.parse_override(text)
        value = None if found._value is None else plain(found.value())
    except (HydraException, ValueError, TypeError) as error:
        return {"text": text, "error": type(error).__name__}
    return {
        "text": text,
        "action": found.type.name.lower(),
        "key": found.key_or_group,
        "package": found.package,
        "value": value,
    }


def plain(value: Any) -> Any:
    """A value as JSON; what has a class of its own as its attributes."""
    if isinstance(value, types.QuotedString):
        return value.text
    if isinstance(value, types.Sweep):
        return {"sweep": type(value).__name__, **attributes(value)}
    if isinstance(value, types.Glob):
        return {"sweep": "Glob", "include": value.include, "exclude": value.exclude}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {"dict": [[plain(k), plain(v)] for k, v in value.items()]}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def attributes(sweep: types.Sweep) -> dict[str, Any]:
    names = {
        types.ChoiceSweep: ("list", "simple_form", "shuffle"),
        types.RangeSweep: ("start", "stop", "step", "shuffle"),
        types.IntervalSweep: ("start", "end"),
    }[type(sweep)]
    found = {name: getattr(sweep, name) for name in names}
    if isinstance(sweep, types.ChoiceSweep) and not isinstance(sweep.list, list):
        found["list"] = [sweep.list]
    return {**{name: plain(value) for name, value in found.items()}, "tags": sorted(sweep.tags)}


if __name__ == "__main__":
    main()
