"""One YAML file as nodes: every leaf keeps its line, and nothing is typed by YAML's own rules.

Owns reading YAML and the scalars that YAML 1.1 readers would change (`yes`, `0777`, `22:22`). Must not know
the schema or what a defaults list does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tfjob_kit import errors
from tfjob_kit.config.grammar import words
from tfjob_kit.config.grammar.words import Word
from tfjob_kit.config.tree.node import Content, Node
from tfjob_kit.config.tree.source import Source

DEEPEST = 32
MOST_NODES = 50_000  # Aliases within aliases grow without bound; no config comes near this.
LONGEST_FOR_LIBYAML = 16_000  # Characters; libyaml recurses on the stack of C for each bracket in them.

_PACKAGE_HEADER = re.compile(r"#\s*@package\s+(\S+)\s*$")
_TRAP_BOOL = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_TRAP_NUMBER = re.compile(r"[+-]?0(?:b[01_]+|x[0-9a-fA-F_]+|[0-7_]+)")
_TRAP_CLOCK = re.compile(r"[+-]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_SPECIAL = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_STANDARD_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file, read.

    Attributes:
        path: As shown to people.
        package: Of its `# @package` header; None when it has none.
        package_source: Of that header.
        body: Its content without the defaults list; always a dict.
        defaults: Its defaults list; None when it has none.
    """

    path: str
    package: str | None
    package_source: Source
    body: Node
    defaults: Node | None


def read_document(path: Path, *, shown: str) -> Document:
    """Reads a config file.

    Args:
        path: The file.
        shown: Its path for messages and sources.

    Raises:
        ConfigError: The file cannot be read, is no YAML, or is no mapping at its top.
    """
    text = _read_text(path, shown)
    root = _Reader(shown, text).root()
    if not isinstance(root.content, dict):
        raise errors.ConfigError(
            "a config file holds `key: value` lines",
            where=f"{shown}:1:1",
            hint="write `key: value` lines",
            source=root.source.under_key(),
        )
    content = dict(root.content)
    defaults = content.pop("defaults", None)
    body = Node(content=content, source=root.source)
    package, source = _package(text, shown)
    return Document(path=shown, package=package, package_source=source, body=body, defaults=defaults)


def _read_text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise errors.ConfigError(f"the file cannot be read: {error.strerror}", where=shown) from error
    except UnicodeDecodeError as error:
        raise errors.ConfigError(
            "the file is not UTF-8 text", where=shown, hint="save it in UTF-8"
        ) from error


def _package(text: str, shown: str) -> tuple[str | None, Source]:
    """The package of the header, and its place."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := _PACKAGE_HEADER.match(line):
            column = match.start(1) + 1
            return match[1], Source(kind="file", path=shown, line=number, column=column, written=line)
        if line.strip() and not line.startswith("#"):
            break
    return None, Source(kind="file", path=shown, line=1, column=1)


class _Reader:
    """Turns PyYAML's nodes into ours."""

    def __init__(self, shown: str, text: str) -> None:
        self.shown = shown
        self.text = text
        self.lines = text.splitlines()
        self.count = 0

    def root(self) -> Node:
        import yaml

        try:
            top = _top(self.text)
        except yaml.MarkedYAMLError as error:
            self.fail_at_mark(error)
        except yaml.reader.ReaderError as error:
            before = self.text[: error.position]
            column = len(before) - (before.rfind("\n") + 1)
            self.fail("not valid YAML: a character that YAML does not allow", before.count("\n"), column)
        except RecursionError:
            self.fail("nested too deep", 0, 0)
        if top is None:
            return Node(content={}, source=self.source(0, 0))
        return self.node(top, self.source(*_at(top)), 0)

    def node(self, node: Any, source: Source, depth: int) -> Node:
        self.count += 1
        if depth > DEEPEST or self.count > MOST_NODES:
            self.fail("nested too deep, or aliases that repeat each other", *_at(node))
        if not node.tag.startswith(_STANDARD_TAG) or node.tag.removeprefix(_STANDARD_TAG) not in _TAGS:
            self.fail(f"the tag {words.shown(node.tag)} is not supported", *_at(node), hint="take it out")
        if node.id == "scalar":
            return Node(content=_word(node), source=source)
        if node.id == "sequence":
            items = [self.node(item, self.source(*_at(item)), depth + 1) for item in node.value]
            return Node(content=items, source=source)
        return Node(content=self.entries(node, depth), source=source)

    def entries(self, node: Any, depth: int) -> Content:
        found: dict[str, Node] = {}
        for key, value in node.value:
            if key.id != "scalar":
                self.fail("a key must be a word", *_at(key), hint="write `key: value`")
            if key.value == "<<" and not key.style:
                self.fail("merge keys are not supported", *_at(key), hint="share values by a defaults list")
            if key.value in found:
                self.fail(
                    f"the key {words.shown(key.value)} stands twice", *_at(key), hint="keep one of the two"
                )
            found[key.value] = self.node(value, self.source(*_at(key), value=_at(value)), depth + 1)
        return found

    def source(self, line: int, column: int, *, value: tuple[int, int] | None = None) -> Source:
        return Source(
            kind="file",
            path=self.shown,
            line=line + 1,
            column=column + 1,
            written=self.line(line),
            value_column=value[1] + 1 if value is not None and value[0] == line else None,
        )

    def line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def fail_at_mark(self, error: Any) -> NoReturn:
        """Raises ConfigError where PyYAML's error lies, or at the bracket that the end leaves open."""
        if begin := _open_at_end(error, self.text):
            char = self.text[begin.index]
            problem = f"not valid YAML: this {char} is never closed"
            self.fail(problem, begin.line, begin.column, hint=f"close it with {_CLOSING[char]}")
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        problem = error.problem or error.context or "cannot be read"
        hint = next(way for part, way in _WAYS_OUT.items() if part in problem)
        if mark and not self.text[mark.index :].strip("\0 \n"):
            line = max((n for n, text in enumerate(self.lines) if text.strip()), default=0)
            column, hint = len(self.line(line)), "a bracket before it is not closed"
        self.fail(f"not valid YAML: {problem}", line, column, hint=hint)

    def fail(self, message: str, line: int, column: int, *, hint: str | None = None) -> NoReturn:
        text = self.line(line)
        raise errors.ConfigError(
            message,
            where=f"{self.shown}:{line + 1}:{column + 1}",
            hint=hint,
            source=words.caret(text, min(column, len(text))),
        )


def _top(text: str) -> Any:
    """PyYAML's tree of a text; by libyaml, a tenth of the time, where it can be and finds no fault."""
    import yaml

    if yaml.__with_libyaml__ and len(text) <= LONGEST_FOR_LIBYAML:
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            pass  # The reader below says more clearly what is wrong, and where.
    return yaml.compose(text, Loader=yaml.SafeLoader)


_WAYS_OUT = {
    "mapping values": "check the indentation; put a text that holds `: ` in quotes",
    "\\t": "indent with blanks instead of tabs",
    "alias": "put a text that begins with * in quotes",
    "expected ':'": "write `key: value`",
    "": "check indentation, quotes and brackets here and in the line above",
}
"""Part of PyYAML's message -> what usually helps; the last one fits all."""
_CLOSING = {"[": "]", "{": "}", "'": "'", '"': '"'}


def _open_at_end(error: Any, text: str) -> Any:
    """The mark of the bracket or quote that the end of the text has not closed; None for another fault."""
    begin, found = error.context_mark, error.problem_mark
    if begin is None or found is None or text[found.index :].strip("\0 \n") or begin.index == found.index:
        return None
    return begin if text[begin.index : begin.index + 1] in _CLOSING else None


def _at(node: Any) -> tuple[int, int]:
    return node.start_mark.line, node.start_mark.column


def _word(node: Any) -> Word:
    text: str = node.value
    if node.style or (node.tag == f"{_STANDARD_TAG}str" and _looks_otherwise(text)):
        return words.text_word(text)
    if text in ("", "~"):
        return Word(text="null", value=None)
    if text.lower() in _SPECIAL:
        return words.plain_word(_SPECIAL[text.lower()])
    return Word(text=text, value=words.meaning(text), trap=yaml_trap(text))


def _looks_otherwise(text: str) -> bool:
    """Whether a scalar that YAML calls text looks like something else: it was tagged `!!str`."""
    return yaml_trap(text) is not None or isinstance(words.meaning(text), int | None)


def yaml_trap(text: str) -> str | None:
    """What YAML 1.1 readers make of an unquoted scalar that people mean as text; None when nothing."""
    if not text or len(text) > 40:
        return None
    if text.lower() in _TRAP_BOOL and text in (text.lower(), text.upper(), text.capitalize()):
        return _TRAP_BOOL[text.lower()]
    if text != "0" and _TRAP_NUMBER.fullmatch(text):
        return _base_number(text)
    return _clock_number(text) if _TRAP_CLOCK.fullmatch(text) else None


def _base_number(text: str) -> str:
    digits = text.replace("_", "").lstrip("+-")
    base = {"b": 2, "x": 16}.get(digits[1:2], 8)
    try:
        return str(int(digits[2:] if base != 8 else digits, base))
    except ValueError:
        return "a number"


def _clock_number(text: str) -> str:
    seconds = 0.0
    for part in text.replace("_", "").lstrip("+-").split(":"):
        seconds = seconds * 60 + float(part)
    return f"{seconds:g}" if seconds != int(seconds) else str(int(seconds))
