"""What the user said: the config language, the files behind it, and the validated RunConfig.

Owns reading overrides and option files, composing and typing them, and where each value came from. Must not
know what follows from a config: topology, manifests and engines belong to the rooms above. The exports load
when they are first used, since a replica imports `config.schema` and `config.plain` alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfjob_kit.config.amendment import amend
    from tfjob_kit.config.composition import Composed, Composer, compose, make_composer
    from tfjob_kit.config.display import show, to_yaml
    from tfjob_kit.config.files.code_bundle import CodeBundle, CodeFile, collect_code
    from tfjob_kit.config.files.model_file import find_model
    from tfjob_kit.config.grammar import Override, parse_override
    from tfjob_kit.config.location import locate
    from tfjob_kit.config.tree import Source

__all__ = [
    "CodeBundle",
    "CodeFile",
    "Composed",
    "Composer",
    "Override",
    "Source",
    "amend",
    "collect_code",
    "compose",
    "find_model",
    "locate",
    "make_composer",
    "parse_override",
    "show",
    "to_yaml",
]

_HOMES = {
    "CodeBundle": "files.code_bundle",
    "CodeFile": "files.code_bundle",
    "Composed": "composition",
    "Composer": "composition",
    "Override": "grammar",
    "Source": "tree",
    "amend": "amendment",
    "collect_code": "files.code_bundle",
    "compose": "composition",
    "find_model": "files.model_file",
    "locate": "location",
    "make_composer": "composition",
    "parse_override": "grammar",
    "show": "display",
    "to_yaml": "display",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
