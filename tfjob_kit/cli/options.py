"""Flags and arguments of the verbs, each written once.

The defaults stand in the help texts, since typer's own way to show them imports rich.
"""

# typer's stubs leave one type parameter of Option and Argument open:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "AllNamespaces",
    "AtOnce",
    "ConfDir",
    "ConfigName",
    "Context",
    "Debug",
    "Detach",
    "Document",
    "DryImport",
    "DryRun",
    "Engine",
    "FilesOrOverrides",
    "Findings",
    "Fix",
    "Follow",
    "Force",
    "Grep",
    "GroupName",
    "HydraFolder",
    "Index",
    "Install",
    "JobConfig",
    "JobName",
    "JobNames",
    "KeyAndOverrides",
    "Kubeconfig",
    "Label",
    "LocalPort",
    "Namespace",
    "NewFolder",
    "NewName",
    "NoWait",
    "Output",
    "Overrides",
    "PodTimeout",
    "Previous",
    "Role",
    "SchemaFolder",
    "Shell",
    "Sources",
    "States",
    "Strict",
    "Tail",
    "Timeout",
    "Until",
    "Version",
    "Yes",
]

Version = Annotated[bool, typer.Option("--version", help="Print the version and exit.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the trace of an error; at any place.")]

# Arguments are described in the verbs' own help: with click 8.5 typer 0.20 loses the help of an argument, and
# an empty section would be left of it.
Overrides = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", hidden=True)]
KeyAndOverrides = Annotated[list[str] | None, typer.Argument(metavar="[KEY] [KEY=VALUE]...", hidden=True)]
GroupName = Annotated[str | None, typer.Argument(metavar="[GROUP]", hidden=True)]
FilesOrOverrides = Annotated[list[str] | None, typer.Argument(metavar="[FILE...|KEY=VALUE...]", hidden=True)]
JobName = Annotated[str, typer.Argument(metavar="NAME", hidden=True)]
JobNames = Annotated[list[str] | None, typer.Argument(metavar="NAME...", hidden=True)]
Shell = Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", hidden=True)]
Install = Annotated[
    bool,
    typer.Option("--install", help="Put it where the shell looks for it, and say where.", show_default=False),
]
NewName = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="Name of the job; default: the model's and five letters.",
        show_default=False,
    ),
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
    typer.Option(
        "-n",
        "--namespace",
        metavar="NAME",
        help="Namespace of the job; default: the config's, else the context's. Environment: "
        "TFJOB_KIT_NAMESPACE.",
        envvar="TFJOB_KIT_NAMESPACE",
        show_envvar=False,
        show_default=False,
    ),
]
AllNamespaces = Annotated[
    bool, typer.Option("-A", "--all-namespaces", help="Of all namespaces.", show_default=False)
]
Engine = Annotated[
    Literal["auto", "local", "kube"] | None,
    typer.Option(
        "--engine",
        help="Where jobs run: local is this machine, kube a cluster; auto (default) is kube if a context is "
        "configured, else local. Environment: TFJOB_KIT_ENGINE.",
        show_default=False,
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="Kube context; default: the current one. Environment: TFJOB_KIT_CONTEXT.",
        show_default=False,
    ),
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        help="Kubeconfig file; default: as kubectl. Environment: TFJOB_KIT_KUBECONFIG, KUBECONFIG.",
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
Findings = Annotated[
    Literal["text", "json", "sarif", "github"],
    typer.Option(
        "-o",
        "--output",
        help="Form of the findings: text (default), json, sarif (SARIF 2.1.0), github (workflow commands).",
        show_default=False,
    ),
]
Fix = Annotated[
    bool,
    typer.Option("--fix", help="Write mechanical fixes into the files, layout kept.", show_default=False),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit code 3 for warnings too.", show_default=False)]
Sources = Annotated[
    bool, typer.Option("--sources", help="Say where each value came from.", show_default=False)
]
HydraFolder = Annotated[Path, typer.Argument(metavar="DIR", hidden=True)]
NewFolder = Annotated[
    Path,
    typer.Option("--to", metavar="DIR", help="Folder that is made; default: conf.", show_default=False),
]
ConfigName = Annotated[
    str | None,
    typer.Option(
        "--config-name",
        metavar="NAME",
        help="File that a run starts from, as Hydra calls it; default: config, or the only one at the top.",
        show_default=False,
    ),
]
DryImport = Annotated[
    bool, typer.Option("--dry-run", help="Tell what would be written, write nothing.", show_default=False)
]
SchemaFolder = Annotated[
    Path | None,
    typer.Option(
        "--write",
        metavar="DIR",
        help="Write DIR/config.json and DIR/GROUP.json, of every group without GROUP.",
        show_default=False,
    ),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Leave as soon as the job is created.", show_default=False)
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Check everything, print the TFJob, start nothing.", show_default=False),
]
Follow = Annotated[
    bool, typer.Option("-f", "--follow", help="Go on until the job has ended.", show_default=False)
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Go on where the lint has found an error.", show_default=False),
]
Role = Annotated[
    str | None,
    typer.Option("--role", metavar="ROLE", help="Only this role: chief, worker, ...", show_default=False),
]
Index = Annotated[
    int | None,
    typer.Option("--index", metavar="N", min=0, help="Only the replica of this index.", show_default=False),
]
Tail = Annotated[
    int | None,
    typer.Option(
        "--tail", metavar="N", min=0, help="Only the last N lines of each replica.", show_default=False
    ),
]
Grep = Annotated[
    str | None,
    typer.Option("--grep", metavar="REGEX", help="Only lines that match.", show_default=False),
]
Until = Annotated[
    Literal["Finished", "Succeeded", "Failed", "Running", "Suspended"],
    typer.Option(
        "--for",
        help="State to wait for; default: Finished, which is Succeeded or Failed.",
        show_default=False,
    ),
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout", metavar="TIME", help="Give up after e.g. 90s or 2h; the job goes on.", show_default=False
    ),
]
LocalPort = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65535,
        metavar="NUMBER",
        help="Port of this machine, on 127.0.0.1; default: 6006. 0: any that is free.",
        show_default=False,
    ),
]
PodTimeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        help="Longest wait for pods to end, e.g. 90s; default: their grace period and a minute.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.", show_default=False)]
Label = Annotated[
    str | None,
    typer.Option(
        "-l",
        "--label",
        metavar="KEY=VALUE",
        help="Only jobs with this label; several: k=v,k2!=v2.",
        show_default=False,
    ),
]
States = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help="Only jobs in this state: Pending, Created, Running, Restarting, Suspended, Succeeded, Failed; "
        "repeat it, or separate several by commas.",
        show_default=False,
    ),
]
Previous = Annotated[
    bool,
    typer.Option(
        "-p", "--previous", help="The run before the last restart of each replica.", show_default=False
    ),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Do not wait until the pods are gone.", show_default=False)
]
JobConfig = Annotated[
    str | None,
    typer.Option(
        "--job", metavar="NAME", help="The config that this job runs, from the engine.", show_default=False
    ),
]
AtOnce = Annotated[
    bool,
    typer.Option(
        "-y",
        "--yes",
        help="Create it at once: neither you nor the cluster's capacity is asked first.",
        show_default=False,
    ),
]
