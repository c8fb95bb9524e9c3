"""The way into a cluster: flags and environment to an engine. Nothing is sent yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tfjob_kit import errors
from tfjob_kit.cluster.kube.access import account, credentials
from tfjob_kit.cluster.kube.access import kubeconfig as files
from tfjob_kit.cluster.kube.calls import retries
from tfjob_kit.cluster.kube.calls.api import Api
from tfjob_kit.cluster.kube.calls.refusals import Server
from tfjob_kit.cluster.kube.engine import KubeCluster

__all__ = ["connect"]


def connect(
    *,
    context: str | None = None,
    kubeconfig: Path | None = None,
    namespace: str | None = None,
    environ: Mapping[str, str],
    account_dir: Path = account.ACCOUNT_DIR,
    budget: retries.Budget | None = None,
    pace: retries.Pace | None = None,
) -> KubeCluster:
    """The engine of a cluster.

    Args:
        context: Of the kubeconfig; default: its current one; with none, the pod's own account.
        kubeconfig: The file; default: those of KUBECONFIG, then `~/.kube/config`.
        namespace: Of jobs that name none; default: the context's, then the pod's, then `default`.
        environ: The process's environment.
        account_dir: Where a pod's account is mounted.
        budget: How long one call may go on; default: see `retries.Budget`.
        pace: Clock, sleep and chance of the repetitions; default: the machine's.

    Raises:
        NotConnected: No cluster is configured, or the context or file is not there.
    """
    paths = files.find_files(kubeconfig, environ)
    config = files.read_files(paths)
    if context is None and config.current is None and kubeconfig is None:
        own = account.find_account(environ, folder=account_dir)
        if own is not None:
            return _by_account(own, namespace, environ, budget=budget, pace=pace)
    if not paths:
        raise errors.NotConnected(
            "no cluster is configured",
            hint="set KUBECONFIG or --kubeconfig, or run on this machine with `--engine local`",
        )
    return _by_context(
        files.pick_context(config, context), kubeconfig, namespace, environ, budget=budget, pace=pace
    )


def _by_context(
    context: files.Context,
    kubeconfig: Path | None,
    namespace: str | None,
    environ: Mapping[str, str],
    *,
    budget: retries.Budget | None,
    pace: retries.Pace | None,
) -> KubeCluster:
    kubectl = f"kubectl --context {context.name}"
    if kubeconfig is not None:
        kubectl = f"kubectl --kubeconfig {kubeconfig} --context {context.name}"
    server = Server(
        url=str(context.cluster.body.get("server", "")), way=f"context {context.name}", kubectl=kubectl
    )

    def make_client() -> credentials.Client:
        # Read anew: who signs in again, or a program that rotates credentials, writes the file.
        config = files.read_files(files.find_files(kubeconfig, environ))
        return credentials.context_client(files.pick_context(config, context.name), environ)

    api = Api(make_client, server=server, budget=budget, pace=pace)
    return KubeCluster(api, default_namespace=namespace or context.namespace or "default")


def _by_account(
    own: account.Account,
    namespace: str | None,
    environ: Mapping[str, str],
    *,
    budget: retries.Budget | None,
    pace: retries.Pace | None,
) -> KubeCluster:
    server = Server(url=own.server, way="the service account of this pod", kubectl="kubectl")
    api = Api(lambda: credentials.account_client(own, environ), server=server, budget=budget, pace=pace)
    return KubeCluster(api, default_namespace=namespace or own.namespace)
