"""Writes down the program's verbs and flags as `verbs.json`, and the schema's keys as `keys.json`.

Imported by scripts and tests alone.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, cast

import click

from tfjob_kit.cli import selecting
from tfjob_kit.config import schema
from tfjob_kit.config.typed import fields
from tfjob_kit.config.typed.fields import Field

__all__ = ["make_keys", "make_verbs"]

_KINDS = {"--context": "context", "--namespace": "namespace", "--job": "job", "--conf-dir": "dir"}
_CHOICES = {"--state": selecting.STATES, "--role": ("chief", "worker", "ps", "evaluator")}
"""What these take is checked by the verbs, so typer does not know it."""
_WORDS = {
    "KEY": "key",
    "KEY=VALUE": "override",
    "OVERRIDES": "override",
    "NAME": "job",
    "GROUP": "group",
    "FILE": "file",
    "DIR": "dir",
}
_HELP = {"names": ["-h", "--help"], "about": "Show this message and exit."}
_DEBUG = {"names": ["--debug"], "about": "Show the trace of an error."}


def make_verbs(root: click.Command) -> str:
    """The table as JSON, one verb after the other as in the help."""
    verbs = [f"{_line(path)}: {_verb_text(_verb(command))}" for path, command in _walk(root, "")]
    return "{\n" + ",\n".join(verbs) + "\n}\n"


def _verb_text(found: dict[str, Any]) -> str:
    """One line for the verb and one for each flag, so that a difference can be read."""
    flags = ",\n".join(f"  {_line(flag)}" for flag in found.pop("flags"))
    return f'{_line(found)[:-1]}, "flags": [\n{flags}\n ]}}'


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _walk(below, f"{path} {name}".strip())


def _verb(command: click.Command) -> dict[str, Any]:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    flags = [_flag(option) for option in options if not option.hidden]
    known = {name for flag in flags for name in flag["names"]}
    flags += [each for each in (_DEBUG, _HELP) if each["names"][-1] not in known]
    found: dict[str, Any] = {"about": _first_sentence(command.help)}
    if isinstance(command, click.Group):
        found["is_group"] = True
    if arguments:
        found["arguments"] = [_argument_kinds(argument) for argument in arguments]
        found["choices"] = [choice for argument in arguments for choice in _choices(argument)]
        found["repeats"] = arguments[-1].nargs == -1
    return {**{key: value for key, value in found.items() if value}, "flags": flags}


def _argument_kinds(argument: click.Argument) -> list[str]:
    if _choices(argument):
        return ["choice"]
    words = re.split(r"[^A-Z=]+", argument.metavar or "")
    return [_WORDS[word] for word in words if word in _WORDS] or ["text"]


def _flag(option: click.Option) -> dict[str, Any]:
    names = sorted([*option.opts, *option.secondary_opts], key=len)
    found: dict[str, Any] = {"names": names, "about": _first_sentence(option.help).partition("; ")[0]}
    if option.is_flag:
        return found
    choices = _CHOICES.get(names[-1]) or _choices(option)
    kind = "choice" if choices else _KINDS.get(names[-1]) or _kind_of_metavar(option.metavar)
    found |= {"kind": kind, "choices": list(choices), "repeats": option.multiple}
    return {key: value for key, value in found.items() if value}


def _kind_of_metavar(metavar: str | None) -> str:
    return {"FILE": "file", "DIR": "dir"}.get(metavar or "", "text")


def _choices(parameter: click.Parameter) -> list[str]:
    if not isinstance(parameter.type, click.Choice):
        return []
    return [str(choice) for choice in parameter.type.choices]


def _first_sentence(text: str | None) -> str:
    paragraph = inspect.cleandoc(text or "").split("\n\n")[0]
    return re.split(r"(?<=\.) ", " ".join(paragraph.split()))[0]


# --- keys ----------------------------------------------------------------------------------------


def make_keys() -> str:
    """The keys as JSON, nested as the config is."""
    return json.dumps(_place(fields.ROOT, ""), indent=1, ensure_ascii=False) + "\n"


def _place(field: Field, about: str) -> dict[str, Any]:
    found: dict[str, Any] = {"about": about, "values": _values(field), "is_optional": field.optional}
    found["is_size"] = field.type is schema.Size
    if field.is_any:
        found["items"] = {}
    elif field.is_map:
        found["items"] = _place(field.items, "")
    elif field.dataclass is not None:
        docs = {each.name: each.metadata.get("doc", "") for each in dataclasses.fields(field.dataclass)}
        found["below"] = {name: _place(below, docs[name]) for name, below in field.keys.items()}
    return {key: value for key, value in found.items() if value or key == "items"}


def _values(field: Field) -> list[str]:
    if field.type is bool:
        return ["true", "false"]
    if isinstance(field.type, enum.EnumMeta):
        return [str(member.value) for member in cast("type[enum.Enum]", field.type)]
    return []
