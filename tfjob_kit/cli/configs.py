"""`config show`: what the overrides and files compose to, or what a job runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfjob_kit import errors
from tfjob_kit.cli import console, engines, options, prepare

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef
    from tfjob_kit.config import Composed

__all__ = ["show"]


def show(
    overrides: options.KeyAndOverrides = None,
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

    KEY is a key or group, e.g. train.optimizer: only what lies under it. KEY=VALUE are overrides, e.g.
    model=resnet50 gpus=4 train.steps=500.
    """
    from tfjob_kit import config

    key, overrides = _split(overrides or [])
    if job is None:
        composed = prepare.compose(overrides, conf_dir=conf_dir)
    else:
        if overrides or sources:
            raise errors.UsageError(
                "a job's config is what it is: `--job` takes no overrides and no `--sources`",
                hint=f"`tfjob-kit diff {job} KEY=VALUE` compares it with what overrides compose to",
            )
        cluster, _ = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
        composed = _composed_of(cluster, engines.job_ref(cluster, job, namespace))
    try:
        text = config.show(composed, key=key, format=output, sources=sources)
    except errors.UnknownChoice as error:
        if meant := _choices_named(key or "", conf_dir):
            error.hint, error.nearest = meant, ()
        raise
    console.put(text)


def _choices_named(word: str, conf_dir: Path | None) -> str | None:
    """What a word that is no key may have meant: a group, or an option."""
    from tfjob_kit.config import catalogue

    groups = catalogue.list_groups(conf_dir=conf_dir, cwd=Path.cwd())
    if word in [group.name for group in groups]:
        return f"it is a group: `tfjob-kit config options {word}` lists what can be chosen"
    tokens = [f"{o.group}={o.name}" for group in groups for o in group.options if o.name == word]
    return f"{' or '.join(tokens)} chooses that option" if tokens else None


def _split(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The key to show and the overrides: a word without `=` that deletes nothing is a key."""
    keys = [word for word in arguments if "=" not in word and not word.startswith("~")]
    if len(keys) > 1:
        raise errors.UsageError(
            f"one key at a time, not {' and '.join(f'`{key}`' for key in keys)}",
            hint=f"`tfjob-kit config show {keys[0]}`, or without a key for all of them",
        )
    return (keys[0] if keys else None), [word for word in arguments if word not in keys]


def _composed_of(cluster: Cluster, ref: JobRef) -> Composed:
    from tfjob_kit.jobs import job_config

    return job_config.shown_config(cluster.get(ref))
