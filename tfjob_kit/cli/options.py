"""Flags and arguments that several verbs share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "ConfDir",
    "Document",
    "Engine",
    "JobName",
    "JobNames",
    "Namespace",
    "NewName",
    "Output",
    "Overrides",
]

EngineName = Literal["auto", "local"]

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...",
        help="Overrides of the config, e.g. model=resnet50 gpus=4 train.steps=500.",
        show_default=False,
    ),
]
JobName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the job.", show_default=False)]
JobNames = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Names of jobs.", show_default=False)
]
NewName = Annotated[
    str | None,
    typer.Option("--name", help="Name of the job; default: the model's name and five letters.", show_default=False),
]
ConfDir = Annotated[
    Path | None,
    typer.Option(
        "--conf-dir",
        metavar="DIR",
        help="Folder of config files, searched before ./conf and the kit's own.",
        show_default=False,
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option("-n", "--namespace", metavar="NAME", help="Namespace of the job.", show_default=False),
]
Engine = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="Where jobs run: local (this machine), or auto (default): a cluster if a kube context is "
        "configured, else local. Also TFJOB_KIT_ENGINE.",
        show_default=False,
    ),
]
Output = Annotated[
    Literal["text", "json"],
    typer.Option("-o", "--output", help="Form of the output; default: text.", show_default=False),
]
Document = Annotated[
    Literal["yaml", "json"],
    typer.Option("-o", "--output", help="Form of the document; default: yaml.", show_default=False),
]
