"""`run`: one config, one job, followed to its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfjob_kit.cli import commands, console, engines, options, prepare

if TYPE_CHECKING:
    from tfjob_kit.cluster.port import Cluster, JobRef

__all__ = ["run"]


def run(
    overrides: options.Overrides = None,
    name: options.NewName = None,
    detach: options.Detach = False,
    dry_run: options.DryRun = False,
    yes: options.AtOnce = False,
    force: options.Force = False,
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

    Shows the plan first, and on a terminal asks before it creates anything in a cluster. The same run again
    under the same --name follows the job that is there. Ctrl-C leaves the run going; `tfjob-kit logs NAME
    --follow` comes back to it.
    """
    cluster, choice = engines.connect(engine, context=context, kubeconfig=kubeconfig, namespace=namespace)
    prepared = prepare.prepare(
        overrides or [],
        name=name,
        namespace=namespace,
        conf_dir=conf_dir,
        default_namespace=cluster.default_namespace,
        force=force,
    )
    if prepared.plan.namespace != cluster.default_namespace:
        commands.remember_namespace(prepared.plan.namespace)
    console.say(f"engine: {choice.name} ({choice.why})")
    if dry_run:
        return _try(cluster, prepared, output=output)
    return _start(cluster, prepared, yes=yes, detach=detach, output=output)


def _try(cluster: Cluster, prepared: prepare.Prepared, *, output: str) -> int:
    """Everything but the creation."""
    from tfjob_kit import manifest
    from tfjob_kit.cli import plan_screen

    cluster.create(prepared.manifest, companions=prepared.companions, dry_run=True)
    plan_screen.show_plan(prepared, cluster=cluster, fit=None)
    documents = [prepared.manifest, *prepared.companions]
    console.put(manifest.dump_all(documents, "json" if output == "json" else "yaml"))
    return 0


def _start(cluster: Cluster, prepared: prepare.Prepared, *, yes: bool, detach: bool, output: str) -> int:
    from tfjob_kit.cli import submitting
    from tfjob_kit.cluster.port import JobRef

    try:
        submitting.propose(cluster, prepared, yes=yes, detach=detach)
        submitted = submitting.send(cluster, prepared)
    except submitting.AlreadyThere as there:
        console.say(
            f"tfjob/{there.ref.name} is there already with this config and code, and is {there.state}"
        )
        return _stay(cluster, there.ref, detach=detach, output=output)
    if output == "json":
        from tfjob_kit.jobs.events import event_dict

        console.put_json(event_dict(submitted), indent=None)
    else:
        console.put(f"tfjob/{submitted.job} created")
    ref = JobRef(namespace=submitted.namespace, name=submitted.job)
    return _stay(cluster, ref, detach=detach, output=output)


def _stay(cluster: Cluster, ref: JobRef, *, detach: bool, output: str) -> int:
    """Says what can be done with the job, and follows it unless the person wants to leave."""
    if detach or cluster.name != "local":
        _say_commands(ref)
    if detach:
        return 0
    from tfjob_kit.cli import following, screens

    finished = following.follow_to_end(cluster, ref, screen=screens.make_screen(output))
    if output == "text":
        following.show_finished(cluster, ref, finished)
    return finished.verdict.exit_code


def _say_commands(ref: JobRef) -> None:
    """What can be done with the job from here on."""
    for command, purpose in (
        (f"logs {ref.name} --follow", "to follow it"),
        (f"status {ref.name}", "to look"),
        (f"suspend {ref.name}", "to free its GPUs for a while"),
        (f"cancel {ref.name}", "to end it"),
    ):
        console.say(f"  tfjob-kit {command:<{len(ref.name) + 16}} {purpose}")
