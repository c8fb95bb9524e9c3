"""Writes docs/reference/*.md from the code, so that they tell what it does.

python scripts/reference.py           write the pages, and the verbs and keys that completion reads
python scripts/reference.py --check   exit code 1 and the names of what is not current
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import runpy
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import click

from tfjob_kit import contract, errors
from tfjob_kit.cli import app
from tfjob_kit.cli.completion import keys, making, table
from tfjob_kit.config import catalogue, schema

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
MARK = "<!-- Written by scripts/reference.py from the code; `make docs` writes it anew. -->"


def main(arguments: list[str]) -> int:
    """Writes the pages, or compares them."""
    made = {FOLDER / name: text for name, text in pages().items()}
    made |= {table.FILE: making.make_verbs(app.command()), keys.FILE: making.make_keys()}
    stale = {path: text for path, text in made.items() if not path.is_file() or path.read_text() != text}
    if "--check" in arguments:
        names = [path.relative_to(ROOT) for path in stale]
        print("\n".join(f"not current: {name}; run `make docs`" for name in names), end="")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in stale.items():
        path.write_text(text)
    return 0


def pages() -> dict[str, str]:
    """File name -> text of each page."""
    makers = {
        "cli.md": cli_page,
        "config.md": config_page,
        "exit-codes.md": exit_codes_page,
        "environment.md": environment_page,
        "lint-rules.md": runpy.run_path(str(ROOT / "scripts" / "lint_rules.py"))["page"],
    }
    return {name: "\n".join([MARK, *maker()]).rstrip() + "\n" for name, maker in makers.items()}


# --- cli -----------------------------------------------------------------------------------------


def cli_page() -> Iterator[str]:
    """Every verb with its arguments and flags."""
    root = app.command()
    yield from ["# Command line", "", *_paragraphs(root.help), ""]
    yield "Data goes to stdout, talk to stderr. Overrides are described under [Config](config.md), exit codes"
    yield "under [Exit codes](exit-codes.md)."
    yield from ["", "## Before any verb", "", *_options(root)]
    for path, command in _verbs(root, "tfjob-kit"):
        context = click.Context(command, info_name=path)
        yield from ["", f"## {path}", "", "```text", context.get_usage().removeprefix("Usage: "), "```", ""]
        yield from [*_paragraphs(command.help), "", *_options(command)]


def _verbs(group: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(group, click.Group):
        yield path, group
        return
    for name, command in group.commands.items():
        yield from _verbs(command, f"{path} {name}")


def _paragraphs(text: str | None) -> list[str]:
    """Help text as Markdown: its indented lines are code already."""
    return inspect.cleandoc(text or "").splitlines()


def _options(command: click.Command) -> Iterator[str]:
    rows = [_option_row(each) for each in command.params if isinstance(each, click.Option)]
    if rows:
        yield from [
            "| Flag | Meaning |",
            "|---|---|",
            *rows,
            "| `-h`, `--help` | Show this message and exit. |",
        ]


def _option_row(option: click.Option) -> str:
    value = "" if option.is_flag else f" {_metavar(option)}"
    names = ", ".join(f"`{name}{value}`" for name in [*option.opts, *option.secondary_opts])
    return f"| {names} | {_cell(option.help or '')} |"


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(option.type.choices)
    return option.metavar or option.type.name.upper()


# --- config --------------------------------------------------------------------------------------


def config_page() -> Iterator[str]:
    """Every key with its type, default and meaning, then every option that ships."""
    yield from [
        "# Config",
        "",
        "`tfjob-kit config show` prints the config of a run, with `--sources` also where each",
    ]
    yield "value came from. An override is `key=value` with a key of this page, or `group=option`."
    yield from ["", "## Keys", "", f"{_doc(schema.RunConfig)}", ""]
    yield from _key_table(schema.RunConfig, "")
    for path, kind in _sections(schema.RunConfig, ""):
        yield from ["", f"### {path}", "", _doc(kind), "", *_key_table(kind, f"{path}.")]
    yield from ["", "## Options that ship", ""]
    yield "`group=option` takes one of these files; `./conf/<group>/<option>.yaml` adds one or replaces it."
    for group in catalogue.list_groups(conf_dir=None, cwd=ROOT):
        yield from ["", f"### {group.name}=", "", "| Option | What it is |", "|---|---|"]
        yield from (f"| `{option.name}` | {_cell(option.about)} |" for option in group.options)


def _sections(kind: type, prefix: str) -> Iterator[tuple[str, type]]:
    for name, hint in _hints(kind).items():
        inner = _section_of(hint)
        if inner is not None:
            path = f"{prefix}{name}" if inner is hint else f"{prefix}{name}.NAME"
            yield path, inner
            yield from _sections(inner, f"{path}.")


def _section_of(hint: object) -> type | None:
    """The dataclass of a nested section, also of a mapping of them; Size is written as one word."""
    candidates = [hint, *typing.get_args(hint)]
    found = (each for each in candidates if isinstance(each, type) and dataclasses.is_dataclass(each))
    return next((each for each in found if each is not schema.Size), None)


def _key_table(kind: type, prefix: str) -> Iterator[str]:
    yield from ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    hints = _hints(kind)
    for field in dataclasses.fields(kind):
        if _section_of(hints[field.name]) is None or typing.get_origin(hints[field.name]) is dict:
            text = f"{field.metadata['doc']}{_bounds(field.metadata)}"
            columns = [
                f"`{prefix}{field.name}`",
                _type(hints[field.name]),
                f"`{_default(field)}`",
                _cell(text),
            ]
            yield f"| {' | '.join(columns)} |"


def _hints(kind: type) -> dict[str, object]:
    return typing.get_type_hints(kind, include_extras=True)


def _type(hint: object) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return ", ".join("null" if each is types.NoneType else _type(each) for each in arguments)
    if origin is typing.Annotated:
        return next(each.name for each in arguments if isinstance(each, schema.Kind))
    if origin is dict:
        return f"mapping of {_type(arguments[1])}"
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return ", ".join(f"`{each.value}`" for each in hint)
    words = {str: "text", int: "integer", float: "number", bool: "true, false", schema.Size: "size"}
    if dataclasses.is_dataclass(hint):
        return words.get(hint, "section")
    return words.get(hint, "any")


def _default(field: dataclasses.Field[object]) -> str:
    made = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if isinstance(made, schema.Size):
        return str(made.total)
    if isinstance(made, enum.Enum):
        return str(made.value)
    if isinstance(made, str):
        return made or '""'
    return "null" if made is None else str(made).lower() if isinstance(made, bool) else str(made)


def _bounds(metadata: types.MappingProxyType[str, object]) -> str:
    low, high = metadata["minimum"], metadata["maximum"]
    if low is not None and high is not None:
        return f" ({low} to {high})"
    return f" (at least {low})" if low is not None else f" (at most {high})" if high is not None else ""


# --- exit codes ----------------------------------------------------------------------------------


def exit_codes_page() -> Iterator[str]:
    """Of the command line and of a replica."""
    yield from ["# Exit codes", "", "## Of `tfjob-kit`", "", "| Code | Meaning | Errors |", "|---|---|---|"]
    yield "| 0 | Done; for `run`, `wait` and `status`: the job Succeeded | |"
    yield "| 1 | A fault of the tool itself; nothing else uses it | |"
    by_code: dict[int, list[type[errors.TfjobKitError]]] = {}
    for kind in _error_kinds(errors.TfjobKitError):
        by_code.setdefault(kind.exit_code, []).append(kind)
    for code, kinds in sorted(by_code.items()):
        names = ", ".join(f"`{kind.__name__}`" for kind in kinds)
        yield f"| {code} | {' '.join(_doc(kind) for kind in _heads(kinds))} | {names} |"
    yield "| 130 | Ctrl-C; a followed job goes on | |"
    yield "| 141 | The reader of the output went away | |"
    yield "| 143 | SIGTERM; a followed job goes on | |"
    yield from ["", "## Of a replica", ""]
    yield "Under restart policy `ExitCode` the operator recreates a replica that ended with 128 or more, and"
    yield "fails the job for any other code but 0."
    yield from ["", "| Code | Meaning |", "|---|---|"]
    yield from (f"| {code.value} | {code.meaning} |" for code in contract.ReplicaExit)
    yield "| 128 + n | ended by signal n; restarted |"


def _error_kinds(kind: type[errors.TfjobKitError]) -> Iterator[type[errors.TfjobKitError]]:
    """Of the module `errors` alone: a replica's own never reach the terminal, and may be imported or not."""
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from _error_kinds(each)


def _heads(kinds: list[type[errors.TfjobKitError]]) -> list[type[errors.TfjobKitError]]:
    """Those that are no special case of another one of the same code."""
    return [
        kind for kind in kinds if not any(kind is not other and issubclass(kind, other) for other in kinds)
    ]


# --- environment ---------------------------------------------------------------------------------


def environment_page() -> Iterator[str]:
    """Variables that the launcher, the engines and a replica read."""
    yield from ["# Environment", "", "## Of `tfjob-kit`", "", "| Variable | Meaning |", "|---|---|"]
    yield "| `TFJOB_KIT_ENGINE` | Engine when `--engine` is not given: `auto`, `local` or `kube` |"
    yield "| `TFJOB_KIT_CONTEXT` | Kube context when `--context` is not given |"
    yield "| `TFJOB_KIT_KUBECONFIG` | Kubeconfig when `--kubeconfig` is not given; wins over `KUBECONFIG` |"
    yield "| `TFJOB_KIT_NAMESPACE` | Namespace when `--namespace` is not given; wins over the config's |"
    places = "`$XDG_STATE_HOME/tfjob-kit`, `~/.local/state/tfjob-kit`"
    yield f"| `TFJOB_KIT_STATE_DIR` | Jobs, logs and outputs of the local engine; else {places} |"
    cache = "`$XDG_CACHE_HOME/tfjob-kit`, else `~/.cache/tfjob-kit`"
    yield f"| `XDG_CACHE_HOME` | Names of a cluster's jobs that Tab found last: {cache} |"
    yield "| `TFJOB_KIT_COMPLETION_DEBUG` | Any value: `tfjob-kit __complete` shows what went wrong |"
    yield "| `KUBECONFIG` | As kubectl reads it |"
    yield "| `NO_COLOR` | Any value: no colour |"
    yield from ["", "## Of a replica", "", "Set by `render`, the operator or the local engine.", ""]
    yield from ["| Variable | Meaning |", "|---|---|"]
    source = inspect.getsource(contract)
    for name, text in re.findall(r'(?s)\n([A-Z_]+_ENV) = .*?\n"""(.*?)"""', source):
        yield f"| `{getattr(contract, name)}` | {_cell(text)} |"


# --- words ---------------------------------------------------------------------------------------


def _doc(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
