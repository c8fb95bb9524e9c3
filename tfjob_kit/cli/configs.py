"""`config show`: what the overrides and files compose to, or what a job runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, engines, options, prepare

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef
    from tfjob_kit.config import Composed

__all__ = ["show"]


def show(
    overrides: options.Overrides = None,
    sources: options.Sources = False,
    job: options.JobConfig = None,
    conf_dir: options.ConfDir = None,
    namespace: options.Namespace = None,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    output: options.Document = "yaml",
) -> None:
    """Print the config of a run that is to be, or of a job.

    KEY=VALUE are overrides, e.g. model=resnet50 gpus=4 train.steps=500.
    """
    from tfjob_kit import config

    if job is None:
        composed = prepare.compose(overrides or [], conf_dir=conf_dir)
    else:
        if overrides or sources:
            raise errors.UsageError(
                "a job's config is what it is: `--job` takes no overrides and no `--sources`",
                hint=f"`tfjob-kit diff {job} KEY=VALUE` compares it with what overrides compose to",
            )
        cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
        composed = _composed_of(cluster, engines.job_ref(cluster, job, namespace))
    console.put(config.show(composed, format=output, sources=sources))


def _composed_of(cluster: Cluster, ref: JobRef) -> Composed:
    from tfjob_kit.jobs import job_config

    return job_config.shown_config(cluster.get(ref))
