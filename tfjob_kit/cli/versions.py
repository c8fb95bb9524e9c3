"""`version`."""

from __future__ import annotations

from tfjob_kit import __version__
from tfjob_kit.cli import console, options

__all__ = ["version"]


def version(output: options.Output = "text") -> None:
    """Print the version of tfjob-kit."""
    import platform

    if output == "json":
        console.put_json({"version": __version__, "python": platform.python_version()})
    else:
        console.put(f"tfjob-kit {__version__}")
