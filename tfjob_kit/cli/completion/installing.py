"""Where each shell looks for completions, and putting the script there.

Writes that one file and nothing else: what must stand in a `.bashrc` or `.zshrc` is said, never done.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit import errors

__all__ = ["SHELLS", "Installed", "install_script", "read_script"]

SHELLS = ("bash", "zsh", "fish")
_MARK = "Completion of tfjob-kit for"
_BASH_COMPLETION = (
    "/usr/share/bash-completion/bash_completion",
    "/usr/local/share/bash-completion/bash_completion",
    "/opt/homebrew/share/bash-completion/bash_completion",
    "/etc/profile.d/bash_completion.sh",
)
_FPATH_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What was done.

    Attributes:
        file: The script's.
        is_new: Whether anything was written.
        still_to_do: Lines that the person's own start-up file needs.
        startup_file: Its name.
    """

    file: Path
    is_new: bool
    still_to_do: tuple[str, ...] = ()
    startup_file: str = ""


def read_script(shell: str) -> str:
    """The script of a shell."""
    return (Path(__file__).parent / "scripts" / f"tfjob-kit.{shell}").read_text(encoding="utf-8")


def install_script(shell: str, environ: Mapping[str, str]) -> Installed:
    """Writes the script where the shell looks for it; does nothing if it lies there already.

    Raises:
        RefusedError: There is a file of somebody else, or the place cannot be written to.
    """
    place: Callable[[Mapping[str, str]], _Place] = {
        "bash": _bash_place,
        "zsh": _zsh_place,
        "fish": _fish_place,
    }[shell]
    found = place(environ)
    is_new = _put(found.file, read_script(shell))
    return Installed(
        file=found.file, is_new=is_new, still_to_do=found.still_to_do, startup_file=found.startup_file
    )


@dataclass(frozen=True, kw_only=True)
class _Place:
    file: Path
    still_to_do: tuple[str, ...] = ()
    startup_file: str = ""


def _bash_place(environ: Mapping[str, str]) -> _Place:
    """The folder of bash-completion, which loads a command's file when Tab is first pressed for it."""
    given = environ.get("BASH_COMPLETION_USER_DIR", "").partition(":")[0]
    folder = Path(given) if given else _data_home(environ) / "bash-completion"
    file = folder / "completions" / "tfjob-kit"
    if any(Path(each).is_file() for each in _BASH_COMPLETION):
        return _Place(file=file)
    return _Place(file=file, still_to_do=(f"source {file}",), startup_file="~/.bashrc")


def _fish_place(environ: Mapping[str, str]) -> _Place:
    home = environ.get("XDG_CONFIG_HOME") or _home(environ) / ".config"
    return _Place(file=Path(home) / "fish" / "completions" / "tfjob-kit.fish")


def _zsh_place(environ: Mapping[str, str]) -> _Place:
    """The first folder of the person's own fpath; zsh has none of its own below a home."""
    home = _home(environ)
    for folder in _fpath(environ):
        if folder.is_relative_to(home) and folder.is_dir() and os.access(folder, os.W_OK):
            return _Place(file=folder / "_tfjob-kit")
    folder = _data_home(environ) / "zsh" / "site-functions"
    lines = (f"fpath=({folder} $fpath)", "autoload -U compinit && compinit")
    return _Place(file=folder / "_tfjob-kit", still_to_do=lines, startup_file="~/.zshrc")


def _fpath(environ: Mapping[str, str]) -> list[Path]:
    """Where an interactive zsh of this person looks; nothing if there is no zsh or it does not answer."""
    try:
        done = subprocess.run(
            ["zsh", "-ic", "print -rl -- $fpath"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_FPATH_SECONDS,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return []
    return [Path(line) for line in done.stdout.splitlines() if line.startswith("/")]


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or "~").expanduser()


def _data_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_DATA_HOME") or _home(environ) / ".local" / "share")


def _put(file: Path, text: str) -> bool:
    """Writes the file unless it says so already."""
    try:
        if file.exists():
            old = file.read_text(encoding="utf-8", errors="replace")
            if old == text:
                return False
            if _MARK not in old:
                raise errors.RefusedError(
                    "there is a completion of somebody else",
                    where=str(file),
                    hint=f"move it away, e.g. `mv {file} {file}.old`, and install again",
                )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise errors.RefusedError(
            f"the completion cannot be written: {error.strerror}",
            where=str(file),
            hint="print it without `--install` and put it where you can",
        ) from error
    return True
