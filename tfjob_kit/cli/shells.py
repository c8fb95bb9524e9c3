"""`completion`: the script of a shell, printed or put where the shell looks for it."""

from __future__ import annotations

import os

from tfjob_kit.cli import console, options

__all__ = ["completion"]


def completion(shell: options.Shell, install: options.Install = False) -> None:
    """Print the script that completes tfjob-kit in bash, zsh or fish.

    With --install it is put where that shell looks for it. To try it in this shell alone:

        source <(tfjob-kit completion bash)
    """
    from tfjob_kit.cli.completion import installing

    if not install:
        console.put(installing.read_script(shell).rstrip("\n"))
        return
    done = installing.install_script(shell, os.environ)
    console.put(f"{done.file} {'written' if done.is_new else 'unchanged'}")
    if done.still_to_do:
        console.say(f"{shell} does not look there by itself; add to {done.startup_file}:")
        console.say("".join(f"\n    {line}" for line in done.still_to_do) + "\n")
    console.say(f"a new {shell} completes tfjob-kit; undo: rm {done.file}")
