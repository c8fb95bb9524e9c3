"""All verbs in one program.

Help and usage errors are plain click: typer's rich form would import rich for every `--help`, which doubles
its time. A verb's module is imported, and its flags are built, when the command line begins with it: all of
them together take as long as a submission.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence

import click
import typer
import typer.core

from tfjob_kit.cli import options

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

_ABOUT_CONFIG = "What a run's config is and where it comes from."
_VERBS = {
    "run": "run.run",
    "render": "manifests.render",
    "lint": "linting.lint",
    "list": "reading.list_jobs",
    "status": "reading.status",
    "logs": "reading.logs",
    "wait": "waiting.wait",
    "cancel": "cancelling.cancel",
    "suspend": "pausing.suspend",
    "resume": "pausing.resume",
    "resize": "resizing.resize",
    "retry": "retrying.retry",
    "diff": "comparing.diff",
    "tensorboard": "boards.tensorboard",
    "completion": "shells.completion",
    "version": "versions.version",
}
"""Verb -> module and function, in the order of the help."""
_CONFIG_VERBS = {
    "show": "configs.show",
    "options": "option_lists.list_options",
    "schema": "schemas.print_schema",
    "import-hydra": "importing.import_hydra",
}


_ASKING_FOR_HELP = {(), ("-h",), ("--help",)}


def command(arguments: Sequence[str] | None = None) -> click.Command:
    """The program as click runs it: with every verb, or only with what the arguments ask for."""
    first, second = [*(arguments or ()), "", ""][:2]
    app = _group("tfjob-kit", about=_ABOUT)
    app.callback(invoke_without_command=True)(_before_the_verb)
    if arguments is not None and tuple(arguments) in _ASKING_FOR_HELP and (outline := _outline(app)):
        return outline
    if first != "config":
        _add(app, _VERBS, [first] if first in _VERBS else _VERBS)
    if first not in _VERBS:
        config_app = _group("config", about=_ABOUT_CONFIG)
        _add(config_app, _CONFIG_VERBS, [second] if second in _CONFIG_VERBS else _CONFIG_VERBS)
        app.add_typer(config_app)
    return typer.main.get_command(app)


def _outline(app: typer.Typer) -> click.Group | None:
    """The program with the names of its verbs and a line about each, for its help: no verb is imported.

    None if the table of completion, which tells the lines, does not know the same verbs.
    """
    from tfjob_kit.cli.completion import table

    verbs = table.verbs_below("")
    outline = typer.main.get_command(app)
    if [verb.name for verb in verbs] != [*_VERBS, "config"] or not isinstance(outline, click.Group):
        return None
    for verb in verbs:
        outline.add_command(click.Command(verb.name, help=verb.about))
    return outline


def _add(app: typer.Typer, verbs: dict[str, str], names: Iterable[str]) -> None:
    for name in names:
        module, _, function = verbs[name].partition(".")
        body: Callable[..., int | None] = getattr(
            importlib.import_module(f"tfjob_kit.cli.{module}"), function
        )
        app.command(name)(body)


def _before_the_verb(
    context: typer.Context, version: options.Version = False, debug: options.Debug = False
) -> None:
    """What stands before the verb; alone it is a question for help."""
    if version:
        from tfjob_kit.cli import versions

        versions.version()
    elif context.invoked_subcommand is None:
        click.echo(context.get_help())
