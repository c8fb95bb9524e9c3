"""Contexts and namespaces, as the kubeconfig has them: no cluster is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tfjob_kit.cli.completion.proposal import Proposal
from tfjob_kit.cluster.kube.access import kubeconfig as files

__all__ = ["KUBECONFIG_ENV", "propose_contexts", "propose_namespaces"]

KUBECONFIG_ENV = "TFJOB_KIT_KUBECONFIG"


def propose_contexts(kubeconfig: str | None, *, environ: Mapping[str, str]) -> tuple[Proposal, ...]:
    """The contexts of `--kubeconfig`, or of what stands in for it. Raises NotConnected."""
    config = _read(kubeconfig, environ)
    return tuple(
        Proposal(word=name, about=_about(entry, is_current=name == config.current))
        for name, entry in config.contexts.items()
    )


def propose_namespaces(
    kubeconfig: str | None, context: str | None, *, environ: Mapping[str, str]
) -> tuple[Proposal, ...]:
    """Namespaces that contexts of the same cluster name. Raises NotConnected."""
    config = _read(kubeconfig, environ)
    chosen = config.contexts.get(context or config.current or "")
    return tuple(
        Proposal(word=str(entry.body["namespace"]), about=f"of context {name}")
        for name, entry in config.contexts.items()
        if entry.body.get("namespace")
        and (chosen is None or entry.body.get("cluster") == chosen.body.get("cluster"))
    )


def _read(kubeconfig: str | None, environ: Mapping[str, str]) -> files.Kubeconfig:
    given = kubeconfig or environ.get(KUBECONFIG_ENV)
    return files.read_files(files.find_files(Path(given) if given else None, environ))


def _about(entry: files.Entry, *, is_current: bool) -> str:
    cluster, namespace = entry.body.get("cluster"), entry.body.get("namespace")
    parts = [f"cluster {cluster}"] if cluster else []
    parts += [f"namespace {namespace}"] if namespace else []
    return ", ".join([*parts, "current"] if is_current else parts)
