"""Names of the jobs that are there: read from this machine's state, or asked of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tfjob_kit.cli import engines
from tfjob_kit.cli.completion import contexts
from tfjob_kit.cli.completion.position import Position
from tfjob_kit.cli.completion.proposal import Proposal, words
from tfjob_kit.cluster.local import names as local_names

__all__ = ["NAMESPACE_ENV", "propose_jobs", "propose_namespaces"]

NAMESPACE_ENV = "TFJOB_KIT_NAMESPACE"


def propose_jobs(position: Position, *, environ: Mapping[str, str]) -> tuple[Proposal, ...]:
    """Jobs of the engine and namespace that the line, or else the environment, names.

    Raises:
        UsageError: The flags contradict each other.
        NotConnected: The kubeconfig cannot be used.
    """
    choice = _choose(position, environ)
    namespace = position.value("--namespace") or environ.get(NAMESPACE_ENV) or None
    if choice.name == "local":
        state = local_names.find_state_dir(environ)
        return words(
            local_names.job_names(state, namespace=namespace or local_names.DEFAULT_NAMESPACE),
            "on this machine",
        )
    from tfjob_kit.cli.completion import cluster_jobs

    found = cluster_jobs.ask(choice, namespace=namespace, environ=environ)
    return tuple(Proposal(word=name, about=state) for name, state in sorted(found.items()))


def propose_namespaces(position: Position, *, environ: Mapping[str, str]) -> tuple[Proposal, ...]:
    """Namespaces that are known without asking a cluster. Raises UsageError and NotConnected."""
    choice = _choose(position, environ)
    if choice.name == "local":
        return words(local_names.namespaces(local_names.find_state_dir(environ)), "on this machine")
    file = None if choice.kubeconfig is None else str(choice.kubeconfig)
    return contexts.propose_namespaces(file, choice.context, environ=environ)


def _choose(position: Position, environ: Mapping[str, str]) -> engines.Choice:
    file = position.value("--kubeconfig")
    return engines.choose(
        position.value("--engine"),
        environ,
        context=position.value("--context"),
        kubeconfig=Path(file).expanduser() if file else None,
    )
