"""The choice of the engine: flag, then TFJOB_KIT_ENGINE, then whether a cluster is configured.

The only place that knows which engines there are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfjob_kit import errors

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef

__all__ = [
    "CONTEXT_ENV",
    "ENGINE_ENV",
    "KUBECONFIG_ENV",
    "Choice",
    "check_name",
    "choose",
    "connect",
    "job_ref",
]

ENGINE_ENV = "TFJOB_KIT_ENGINE"
CONTEXT_ENV = "TFJOB_KIT_CONTEXT"
KUBECONFIG_ENV = "TFJOB_KIT_KUBECONFIG"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMES = ("auto", "local", "kube")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which engine, why, and by which way into a cluster.

    Attributes:
        name: `local` or `kube`.
        why: `by --engine local`.
        context: The kube context asked for; None: the current one, or the pod's account.
        kubeconfig: The file asked for; None: those that kubectl would read.
    """

    name: str
    why: str
    context: str | None = None
    kubeconfig: Path | None = None


def connect(
    flag: str | None,
    *,
    context: str | None = None,
    kubeconfig: Path | None = None,
    namespace: str | None = None,
) -> tuple[Cluster, Choice]:
    """The engine that the flags, the environment or the machine ask for; nothing is sent yet.

    Raises:
        UsageError: The flags contradict each other, or the namespace is no name.
        NotConnected: There is no such context or file, or the engine cannot be reached.
    """
    from tfjob_kit.cli import commands  # here, since completion chooses an engine without click

    if namespace is not None:
        check_name(namespace, what="a namespace")
    choice = choose(flag, os.environ, context=context, kubeconfig=kubeconfig)
    commands.remember(
        engine=choice.name if flag and _decides(choice) else None,
        context=context,
        kubeconfig=kubeconfig,
        namespace=namespace,
    )
    if choice.name == "local":
        from tfjob_kit.cluster import local

        return local.connect(), choice
    from tfjob_kit.cluster import kube

    cluster = kube.connect(
        context=choice.context, kubeconfig=choice.kubeconfig, namespace=namespace, environ=os.environ
    )
    return cluster, choice


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


def choose(
    flag: str | None,
    environ: Mapping[str, str],
    *,
    context: str | None = None,
    kubeconfig: Path | None = None,
) -> Choice:
    """The engine's name and the reason for it, nothing opened."""
    name, why = _asked_for(flag, environ)
    if name == "local":
        if flag == "local" and (context is not None or kubeconfig is not None):
            given = "--context" if context is not None else "--kubeconfig"
            raise errors.UsageError(
                f"`{given}` says which cluster, and `--engine local` uses none", hint="leave one of them out"
            )
        if flag == "local" or (context is None and kubeconfig is None):
            return Choice(name="local", why=why)
    context = context or environ.get(CONTEXT_ENV) or None
    file = environ.get(KUBECONFIG_ENV)
    kubeconfig = kubeconfig or (Path(file) if file else None)
    if name == "auto":
        found = _configured(environ, context, kubeconfig)
        if found is None:
            return Choice(name="local", why="no kube context is configured")
        why = found
    elif name == "local":
        why = "by --context" if context else "by --kubeconfig"
    return Choice(name="kube", why=why, context=context, kubeconfig=kubeconfig)


def _decides(choice: Choice) -> bool:
    """Whether the same command without `--engine` would go elsewhere."""
    try:
        return choose(None, os.environ).name != choice.name
    except errors.TfjobKitError:
        return True


def _asked_for(flag: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The engine's name as asked for, and by whom."""
    if flag is not None:
        return flag, f"by --engine {flag}"
    named = environ.get(ENGINE_ENV) or "auto"
    if named not in _NAMES:
        raise errors.UsageError(f"{ENGINE_ENV} is `{named}`", hint=f"engines: {', '.join(_NAMES)}")
    return named, f"by {ENGINE_ENV}={named}"


def _configured(environ: Mapping[str, str], context: str | None, kubeconfig: Path | None) -> str | None:
    """Why a cluster is meant, as kubectl would look for one; None if none is."""
    if context is not None:
        return f"context {context}"
    from tfjob_kit.cluster.kube.access import account
    from tfjob_kit.cluster.kube.access import kubeconfig as files

    config = files.read_files(files.find_files(kubeconfig, environ))
    if config.current is not None:
        return f"context {config.current} of {config.current_path}"
    if kubeconfig is not None:
        return f"by {kubeconfig}"
    if account.find_account(environ) is not None:
        return "the service account of this pod"
    return None
