"""All verbs in one program.

Help and usage errors are plain click: typer's rich form would import rich for every `--help`, which doubles
its time.
"""

from __future__ import annotations

from typing import Annotated

import click
import typer
import typer.core

from tfjob_kit.cli import configs, manifests, versions

__all__ = ["command"]

typer.core.HAS_RICH = False

_PLAIN = {
    "rich_markup_mode": None,
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(name="tfjob-kit", invoke_without_command=True, **_PLAIN)
config_app = typer.Typer(name="config", help="What a run's config is and where it comes from.", **_PLAIN)


@app.callback()
def tfjob_kit(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error; at any place.")] = False,
) -> None:
    """Train TensorFlow models on one GPU or many: one readable config becomes one TFJob.

    Values of a run are overrides (model=resnet50 gpus=4), flags steer the tool. Try it on this machine:

        tfjob-kit run model=digits_cnn gpus=2
    """
    if version:
        versions.version()
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


app.command()(manifests.render)
config_app.command("show")(configs.show)
app.add_typer(config_app)
app.command()(versions.version)


def command() -> click.Command:
    """The program as click runs it."""
    return typer.main.get_command(app)
