"""All verbs in one program.

Help and usage errors are plain click: typer's rich form would import rich for every `--help`, which doubles
its time.
"""

from __future__ import annotations

import click
import typer
import typer.core

from tfjob_kit.cli import (
    cancelling,
    comparing,
    configs,
    manifests,
    options,
    pausing,
    reading,
    resizing,
    retrying,
    run,
    versions,
    waiting,
)

__all__ = ["command"]

typer.core.HAS_RICH = False

_HELP_FLAGS = {"help_option_names": ["-h", "--help"]}


def _group(name: str, *, about: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        help=about,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings=_HELP_FLAGS,
    )


_ABOUT = """Train TensorFlow models on one GPU or many: one readable config becomes one TFJob.

Values of a run are overrides (model=resnet50 gpus=4), flags steer the tool. Try it on this machine:

    tfjob-kit run model=digits_cnn gpus=2
"""

app = _group("tfjob-kit", about=_ABOUT)
config_app = _group("config", about="What a run's config is and where it comes from.")


@app.callback(invoke_without_command=True)
def tfjob_kit(context: typer.Context, version: options.Version = False, debug: options.Debug = False) -> None:
    """What stands before the verb; alone it is a question for help."""
    if version:
        versions.version()
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())


app.command()(run.run)
app.command()(manifests.render)
app.command("list")(reading.list_jobs)
app.command()(reading.status)
app.command()(reading.logs)
app.command()(waiting.wait)
app.command()(cancelling.cancel)
app.command()(pausing.suspend)
app.command()(pausing.resume)
app.command()(resizing.resize)
app.command()(retrying.retry)
app.command()(comparing.diff)
config_app.command("show")(configs.show)
app.add_typer(config_app)
app.command()(versions.version)


def command() -> click.Command:
    """The program as click runs it."""
    return typer.main.get_command(app)
