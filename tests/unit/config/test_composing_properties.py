"""What holds for every command line: order where it must not matter, reuse, and errors that are all ours."""

import re
import shlex
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfjob_kit import errors
from tfjob_kit.config import Composed, Composer, parse_override
from tfjob_kit.config.files.search_path import SearchPath
from tfjob_kit.config.grammar.keys import format_path
from tfjob_kit.config.grammar.override import format_override
from tfjob_kit.config.grammar.writing import for_shell, format_value

# The profile `properties` (conftest.py) asks for many more.
EXAMPLES = max(60, settings.default.max_examples if settings.default.max_examples >= 1000 else 0)
unhurried = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])

GROUP_EDITS = {
    "model": ["model=small", "model=big"],
    "train": ["train=short", "train=long"],
    "data": ["data=first", "data=second", "~data"],
    "gpu_memory": ["+gpu_memory=limit"],
    "volumes": ["+volumes=scratch"],
    "experiment": ["+experiment=wide", "+experiment=first_self", "+experiment=maybe"],
}
VALUE_EDITS = {
    "gpus": ["gpus=2x4", "gpus=A100:4"],
    "steps": ["train.steps=5", "train={steps:9,seed:2}"],
    "limit": ["gpu_memory.limit_mib=4096"],
    "width": ["model.params.width=${train.steps}", "++model.params.depth=1", "model.params={width:1}"],
    "name": ["name='a b'", "name=run-${gpus}", "name=1.10", "~name"],
    "command": ["command=[a,b]", "command+=[c]"],
    "env": ["+env.A=1", "++env.B=x", "env={C:d}"],
    "data": ["data.name=mine", "++data.params.size=2"],
}


def one_of_each(edits: dict[str, list[str]]) -> st.SearchStrategy[list[str]]:
    """At most one edit for each key: two for one key depend on their order, and shall."""
    either = [st.none() | st.sampled_from(options) for options in edits.values()]
    return st.tuples(*either).map(lambda found: [edit for edit in found if edit is not None])


command_lines = st.tuples(one_of_each(GROUP_EDITS), one_of_each(VALUE_EDITS))


def outcome(composer: Composer, tokens: list[str]) -> Any:
    """The config with its sources, or the error as data."""
    try:
        return composer.compose(tokens)
    except errors.ConfigError as error:
        return error.as_dict()


def failure(composer: Composer, tokens: list[str]) -> errors.ConfigError | None:
    """Our error that composing raises; every other error is the test's."""
    try:
        composer.compose(tokens)
    except errors.ConfigError as error:
        return error
    return None


def place_free(found: Any) -> Any:
    """The outcome without the positions of overrides, which differ with the order."""
    if isinstance(found, Composed):
        return found.config
    return found["error"], re.sub(r"override \d+ of", "override N of", found["message"])


@unhurried
@given(command_lines, st.lists(st.integers(0, 20), min_size=len(GROUP_EDITS), max_size=len(GROUP_EDITS)))
def test_group_edits_may_stand_anywhere_among_values(
    composer: Composer, lines: tuple[list[str], list[str]], places: list[int]
) -> None:
    groups, values = lines
    mixed = [*values]
    for edit, place in zip(groups, places, strict=False):
        mixed.insert(place % (len(mixed) + 1), edit)
    # Values keep their order among themselves, and so do the edits of one kind that are appended.
    ordered = [edit for edit in mixed if edit in groups] + values
    assert place_free(outcome(composer, mixed)) == place_free(outcome(composer, ordered))


@unhurried
@given(st.lists(command_lines.map(lambda lines: [*lines[0], *lines[1]]), min_size=1, max_size=4))
def test_a_composer_gives_each_point_what_composing_anew_gives(
    composer: Composer, points: list[list[str]]
) -> None:
    for point in points:
        anew = Composer(search_path=composer.search_path)
        assert outcome(composer, point) == outcome(anew, point)


VALID = [edit for edits in (*GROUP_EDITS.values(), *VALUE_EDITS.values()) for edit in edits]
VALID += ["+job.labels.app\\.kubernetes\\.io/name='4'", "model.params.layers[-1]=9", "+disk@volumes.tmp=fast"]
LETTERS = "ab1.,:{}[]()'\"\\$ =~+-@/?_%\n\té\0\x1b"


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid token with characters taken out, put in and swapped."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(text) - 1)))
        kind = draw(st.sampled_from(["cut", "put", "swap", "double"]))
        char = draw(st.sampled_from(LETTERS)) if kind == "put" else ""
        swapped = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        ways = {
            "cut": text[:at] + text[at + 1 :],
            "put": text[:at] + char + text[at:],
            "swap": swapped,
            "double": text[:at] + text[at : at + 5] + text[at:],
        }
        text = ways[kind]
    return text


@unhurried
@given(st.lists(mutated() | st.text(max_size=20), max_size=4))
def test_only_our_errors_come_out_of_mutated_tokens(composer: Composer, tokens: list[str]) -> None:
    error = failure(composer, tokens)
    if error is None:
        return
    assert error.message
    assert error.where
    if error.source:
        line, mark = error.source.split("\n")
        assert mark.strip() == "^"
        assert len(mark) <= len(line) + 1
    str(error.as_dict()).encode()


LINES = st.lists(
    st.sampled_from(
        ["name: x", "gpus: 2", "train:", "  steps: 1", "defaults:", "  - model: small",
         "- override /model: big", "  - _self_", "env: {A: 1}", "env: *a", "a: &a [1]",
         "# @package _global_", "# @package a.b",
         "? [a]: 1", "command: [a, 'b", "}", "\tx: 1", "name: ${gpus}", "- ", "- - x", "!!set {a}",
         "<<: {a: 1}", "yes: no", "train: {steps: ???}", "--- ", "...", "%YAML 1.1", "model: null",
         "volumes: {a: {claim: b}}", "x: |", ": 1"]
    )
    | st.text(alphabet=LETTERS, max_size=12),
    max_size=8,
)  # fmt: skip


@unhurried
@given(LINES)
def test_only_our_errors_come_out_of_option_files(composer: Composer, lines: list[str]) -> None:
    option = composer.search_path.dirs[0].parent / "option.yaml"
    option.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    files = {**composer.search_path.files, "experiment/option": option}
    fresh = Composer(
        search_path=SearchPath(dirs=composer.search_path.dirs, files=files, cwd=composer.search_path.cwd)
    )
    error = failure(fresh, ["+experiment=option"])
    assert error is None or error.where
    str(error and error.as_dict()).encode()


# A `+` at the end of a key would be one of `+=`.
NAMES = st.text(min_size=1, max_size=8).filter(
    lambda t: t.isprintable() and not set(t) & set(" (){}=,'\"@") and not t.endswith("+")
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(alphabet=LETTERS[:-3], max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
).filter(lambda value: "${" not in str(value))


@unhurried
@given(st.sampled_from(["", "+", "++", "~", "+="]), st.lists(NAMES, min_size=1, max_size=3), PLAIN)
def test_a_written_override_is_read_back(mark: str, names: list[str], value: Any) -> None:
    head, equals = ("", "+=") if mark == "+=" else (mark, "=")
    text = f"{head}a.{format_path(tuple(names))}{equals}{format_value(value)}"
    once = parse_override(text)
    again = parse_override(format_override(once))
    assert (once.action, once.path, once.value) == (again.action, again.path, again.value)
    assert once.value == value


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_a_token_survives_a_shell(text: str) -> None:
    assert [text] == shlex.split(for_shell(text))
