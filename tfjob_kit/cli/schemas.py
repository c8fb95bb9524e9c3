"""`config schema`: what config files may hold, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cli import console, options

__all__ = ["print_schema"]


def print_schema(
    group: options.GroupName = None,
    write: options.SchemaFolder = None,
    conf_dir: options.ConfDir = None,
) -> None:
    """Print the JSON Schema of config files, for editors.

    Without GROUP it is that of config.yaml and of files that open with `# @package _global_`; with it, e.g.
    train, that of the options of the group. The first line of a file tells an editor where its schema is:

        # yaml-language-server: $schema=../../schema/train.json
    """
    from tfjob_kit.config import catalogue, json_schema

    groups = {each.name for each in catalogue.list_groups(conf_dir=conf_dir, cwd=Path.cwd())}
    sections = {key.path.replace(".", "/") for key in catalogue.list_keys() if key.kind in ("section", "map")}
    if group is not None and group not in groups | sections:
        _fail(group, sorted(groups))
    if write is None:
        console.put_json(json_schema.make_schema(group))
        return
    names = sorted(groups) if group is None else [group]
    files = {f"{name}.json": json_schema.make_schema(name) for name in names}
    if group is None:
        files = {"config.json": json_schema.make_schema(), **files}
    _write(write, files)


def _write(folder: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, data in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise errors.UsageError(
                f"`--write`: {path} cannot be written: {error.strerror}", hint="name a folder of your own"
            ) from error
    console.say(f"written to {folder}: {', '.join(files)}")


def _fail(group: str, groups: list[str]) -> None:
    from tfjob_kit.config import nearest

    close = nearest.nearest(group, groups)
    raise errors.UnknownChoice(
        f"no group `{group}`", nearest=close, hint=f"groups: {nearest.choices(groups, close=close)}"
    )
