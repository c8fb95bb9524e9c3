"""`version`."""

from __future__ import annotations

import json
import platform

from tfjob_kit.cli import console, options

__all__ = ["version"]


def version(output: options.Output = "text") -> None:
    """Print the version of tfjob-kit."""
    import importlib.metadata

    number = importlib.metadata.version("tfjob-kit")
    if output == "json":
        console.put(json.dumps({"version": number, "python": platform.python_version()}))
    else:
        console.put(f"tfjob-kit {number}")
