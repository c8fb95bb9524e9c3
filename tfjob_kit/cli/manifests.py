"""`render`: what would be sent."""

from __future__ import annotations

from tfjob_kit.cli import console, options, prepare

__all__ = ["render"]


def render(
    overrides: options.Overrides = None,
    name: options.NewName = None,
    namespace: options.Namespace = None,
    conf_dir: options.ConfDir = None,
    force: options.Force = False,
    output: options.Document = "yaml",
) -> None:
    """Print the TFJob that `run` would send, and send nothing.

    KEY=VALUE are overrides of the config, as in `tfjob-kit run`. With --name the output is the same each
    time. What the TFJob would own comes behind it: code that travels with it, a disruption budget.
    """
    from tfjob_kit import manifest

    prepared = prepare.prepare(
        overrides or [], name=name, namespace=namespace, conf_dir=conf_dir, force=force
    )
    console.say(f"plan: {prepared.description}")
    prepared.say_findings()
    console.put(manifest.dump_all([prepared.manifest, *prepared.companions], output))
