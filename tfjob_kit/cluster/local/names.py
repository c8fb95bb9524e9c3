"""Where the state of this machine's jobs lies and what they are called, without the engine.

The completion of a shell asks this at each Tab, and the engine takes 0.1 s to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["DEFAULT_NAMESPACE", "STATE_DIR_ENV", "find_state_dir", "folders", "job_names", "namespaces"]

STATE_DIR_ENV = "TFJOB_KIT_STATE_DIR"
DEFAULT_NAMESPACE = "default"


def find_state_dir(environ: Mapping[str, str]) -> Path:
    """TFJOB_KIT_STATE_DIR, else $XDG_STATE_HOME/tfjob-kit, else ~/.local/state/tfjob-kit."""
    if given := environ.get(STATE_DIR_ENV):
        return Path(given).expanduser().absolute()
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".local" / "state"
    return Path(home).absolute() / "tfjob-kit"


def job_names(state: Path, *, namespace: str) -> list[str]:
    """Jobs of a namespace, by name."""
    return [path.name for path in folders(state / "jobs" / namespace)]


def namespaces(state: Path) -> list[str]:
    """Namespaces that have or had jobs."""
    return [path.name for path in folders(state / "jobs")]


def folders(path: Path) -> list[Path]:
    """What lies in a folder of the state; names with a dot are jobs that are being made or removed."""
    try:
        return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
