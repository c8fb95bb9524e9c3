"""The choice of the engine: flag, then TFJOB_KIT_ENGINE, then whether a kube context is configured.

The only place that knows which engines there are. Reads the kubeconfig itself, since importing the Kubernetes
client takes longer than a whole verb on the local engine may.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfjob_kit import errors

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef

__all__ = ["ENGINE_ENV", "Choice", "check_name", "choose", "connect", "job_ref"]

ENGINE_ENV = "TFJOB_KIT_ENGINE"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMES = ("auto", "local")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which engine, and why: `by --engine local`."""

    name: str
    why: str


def connect(flag: str | None) -> tuple[Cluster, Choice]:
    """The engine that the flag, the environment or the machine asks for.

    Raises:
        RefusedError: A cluster is configured, and this version runs jobs on this machine only.
        NotConnected: The engine cannot be reached.
    """
    choice = choose(flag, os.environ)
    from tfjob_kit.cluster import local

    return local.connect(), choice


def job_ref(cluster: Cluster, name: str, namespace: str | None) -> JobRef:
    """The job of that name in `--namespace`, or in the engine's own namespace.

    Raises:
        UsageError: One of them is no name that a job or namespace can have.
    """
    check_name(name, what="a job")
    if namespace is not None:
        check_name(namespace, what="a namespace")
    from tfjob_kit.cluster import port

    return port.JobRef(namespace=namespace or cluster.default_namespace, name=name)


def check_name(name: str, *, what: str) -> None:
    """Refuses, as a UsageError, what Kubernetes takes for no name."""
    if not _NAME.fullmatch(name):
        hint = "lower-case letters, digits and `-`; `tfjob-kit list -A` shows the jobs there are"
        raise errors.UsageError(f"`{name}` cannot be the name of {what}", hint=hint)


def choose(flag: str | None, environ: Mapping[str, str]) -> Choice:
    """The engine's name and the reason for it, nothing opened."""
    if flag == "local":
        return Choice(name="local", why="by --engine local")
    named = environ.get(ENGINE_ENV) or "auto"
    if flag is None and named not in _NAMES:
        raise errors.UsageError(
            f"{ENGINE_ENV} is `{named}`", hint=f"engines: {', '.join(_NAMES)}", nearest=()
        )
    if flag is None and named == "local":
        return Choice(name="local", why=f"by {ENGINE_ENV}=local")
    context = configured_context(environ)
    if context is None:
        return Choice(name="local", why="no kube context is configured")
    raise errors.RefusedError(
        f"kube context `{context.name}` is configured, but this version runs jobs on this machine only",
        where=str(context.path),
        hint=f"add `--engine local`, or set {ENGINE_ENV}=local, to run on this machine",
    )


@dataclass(frozen=True, kw_only=True)
class Context:
    """The kube context that kubectl would use, and the file that says so."""

    name: str
    path: Path


def configured_context(environ: Mapping[str, str]) -> Context | None:
    """The current context: of the first file of KUBECONFIG that names one, else of ~/.kube/config."""
    listed = environ.get("KUBECONFIG", "")
    home = Path(environ.get("HOME") or Path.home())
    paths = [Path(p) for p in listed.split(os.pathsep) if p] if listed else [home / ".kube" / "config"]
    for path in paths:
        name = _current_context(path)
        if name:
            return Context(name=name, path=path)
    return None


def _current_context(path: Path) -> str | None:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
    if "current-context" not in text:
        return None
    import yaml

    try:
        data: dict[str, Any] | None = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise errors.ClusterError(
            "the kubeconfig is no valid YAML", where=str(path), hint="`--engine local` does not need it"
        ) from error
    return str(data.get("current-context") or "") or None if isinstance(data, dict) else None
