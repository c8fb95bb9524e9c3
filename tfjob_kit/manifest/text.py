"""A manifest as text: YAML to read, JSON to pipe."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import yaml

__all__ = ["dump", "dump_all"]


def dump(manifest: dict[str, Any], form: Literal["yaml", "json"]) -> str:
    """The manifest in its own key order, ending with a newline; texts of several lines as literal blocks."""
    if form == "json":
        return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return yaml.dump(manifest, Dumper=_readable_dumper(), sort_keys=False, allow_unicode=True, width=4096)


def dump_all(manifests: Sequence[dict[str, Any]], form: Literal["yaml", "json"]) -> str:
    """Several manifests in one text: YAML documents, or a JSON `List` as kubectl reads it; one as `dump`."""
    if len(manifests) == 1:
        return dump(manifests[0], form)
    if form == "json":
        return dump({"apiVersion": "v1", "kind": "List", "items": list(manifests)}, form)
    return "---\n".join(dump(manifest, form) for manifest in manifests)


@functools.cache
def _readable_dumper() -> type[yaml.SafeDumper]:
    import yaml

    class ReadableDumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, indentless=False)

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        scalar = cast("Any", dumper).represent_scalar
        return scalar("tag:yaml.org,2002:str", text, style=style)

    ReadableDumper.add_representer(str, represent_text)
    return ReadableDumper
