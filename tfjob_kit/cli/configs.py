"""`config show`: what the overrides and files compose to."""

from __future__ import annotations

from tfjob_kit.cli import console, options, prepare

__all__ = ["show"]


def show(
    overrides: options.Overrides = None,
    sources: options.Sources = False,
    conf_dir: options.ConfDir = None,
    output: options.Document = "yaml",
) -> None:
    """Print the config that these overrides compose to.

    KEY=VALUE are overrides, e.g. model=resnet50 gpus=4 train.steps=500.
    """
    from tfjob_kit import config

    composed = prepare.compose(overrides or [], conf_dir=conf_dir)
    console.put(config.show(composed, format=output, sources=sources))
