"""`run`: one config, one job, followed to its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfjob_kit.cli import console, engines, options, prepare

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster

__all__ = ["run"]


def run(
    overrides: options.Overrides = None,
    name: options.NewName = None,
    detach: options.Detach = False,
    dry_run: options.DryRun = False,
    engine: options.Engine = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    namespace: options.Namespace = None,
    conf_dir: options.ConfDir = None,
    output: options.Output = "text",
) -> int:
    """Start a training run and follow it to its end.

    KEY=VALUE are overrides of the config, e.g. model=resnet50 gpus=4 train.steps=500; `tfjob-kit config
    show` prints what there is.

    Ctrl-C leaves the run going; `tfjob-kit logs NAME --follow` comes back to it.
    """
    cluster, choice = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    prepared = prepare.prepare(
        overrides or [],
        name=name,
        namespace=namespace,
        conf_dir=conf_dir,
        default_namespace=cluster.default_namespace,
    )
    console.say(f"engine: {choice.name} ({choice.why})")
    if dry_run:
        return _try(cluster, prepared, output=output)
    return _start(cluster, prepared, detach=detach, output=output)


def _try(cluster: Cluster, prepared: prepare.Prepared, *, output: str) -> int:
    """Everything but the creation."""
    from tfjob_kit import manifest

    cluster.create(prepared.manifest, dry_run=True)
    console.say(f"plan: {prepared.description}")
    console.put(manifest.dump(prepared.manifest, "json" if output == "json" else "yaml"))
    return 0


def _start(cluster: Cluster, prepared: prepare.Prepared, *, detach: bool, output: str) -> int:
    from tfjob_kit import jobs
    from tfjob_kit.cli import following, screens
    from tfjob_kit.cluster.port import JobRef

    console.say(f"plan: {prepared.description}")
    submitted = jobs.submit(cluster, prepared.manifest)
    ref = JobRef(namespace=submitted.namespace, name=submitted.job)
    screen = screens.make_screen(output)
    screen.show(submitted)
    if detach:
        console.say(f"follow it with `tfjob-kit logs {ref.name} --follow`")
        return 0
    finished = following.follow_to_end(cluster, ref, screen=screen)
    if output == "text":
        following.show_finished(cluster, ref, finished)
    return finished.verdict.exit_code
