"""Volumes of each replica: shared memory, the output, and what the config names."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.plan.job_plan import Mount
from tfjob_kit.plan.quantities import parse_quantity

if TYPE_CHECKING:
    from tfjob_kit.config import CodeBundle

__all__ = ["SHARED_MEMORY_PATH", "make_mounts"]

SHARED_MEMORY_PATH = "/dev/shm"
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_RESERVED = ("code", "output", "shm")
_READ_ONLY, _EXECUTABLE = 0o444, 0o555


def make_mounts(
    config: schema.RunConfig, *, code: CodeBundle | None = None, code_name: str | None = None
) -> tuple[Mount, ...]:
    """All mounts in the order shared memory, output, code, the config's own.

    The output is the claim of `output.claim`, else a volume of the config that covers `output.dir`, else
    scratch space of the pod.

    Raises:
        InvalidValue: A volume with no source or several, a path that is not absolute or is taken.
    """
    chosen = tuple(_volume(name, volume) for name, volume in config.volumes.items())
    mounts = (
        *_shared_memory(config.resources),
        *_output(config.output, chosen),
        *(() if code is None else (_code(code, name=code_name),)),
        *chosen,
    )
    _check_paths(mounts)
    return mounts


def _shared_memory(resources: schema.ResourcesConfig) -> tuple[Mount, ...]:
    if parse_quantity(resources.shared_memory, key="resources.shared_memory") == 0:
        return ()
    source = {"emptyDir": {"medium": "Memory", "sizeLimit": resources.shared_memory}}
    return (Mount(name="shm", path=SHARED_MEMORY_PATH, source=source),)


def _output(output: schema.OutputConfig, chosen: tuple[Mount, ...]) -> tuple[Mount, ...]:
    path = _absolute(output.dir, key="output.dir")
    if output.claim:
        source: dict[str, Any] = {"persistentVolumeClaim": {"claimName": output.claim}}
    elif any(_covers(mount.path, path) and not mount.read_only for mount in chosen):
        return ()
    else:
        source = {"emptyDir": {}}
    return (Mount(name="output", path=path, source=source),)


def _code(code: CodeBundle, *, name: str | None) -> Mount:
    items = [
        {"key": file.key, "path": file.path} | ({"mode": _EXECUTABLE} if file.is_executable else {})
        for file in code.files
    ]
    source = {"configMap": {"name": name, "defaultMode": _READ_ONLY, "items": items}}
    return Mount(name="code", path=contract.CODE_PATH, source=source, read_only=True)


def _volume(name: str, volume: schema.VolumeConfig) -> Mount:
    key = f"volumes.{name}"
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise errors.InvalidValue(
            f"`{name}` cannot name a volume",
            where=key,
            hint="lower-case letters, digits and `-`; `code`, `output` and `shm` are the kit's own",
        )
    return Mount(
        name=name,
        path=_absolute(volume.mount_path, key=f"{key}.mount_path"),
        source=_source(volume, key=key),
        read_only=volume.read_only,
    )


def _source(volume: schema.VolumeConfig, *, key: str) -> dict[str, Any]:
    given = [name for name in ("claim", "host_path", "empty_dir") if getattr(volume, name)]
    if len(given) != 1:
        said = " and ".join(f"`{name}`" for name in given) or "none"
        raise errors.InvalidValue(
            f"the volume needs exactly one source, given: {said}",
            where=key,
            hint=f"set one of `{key}.claim`, `{key}.host_path`, `{key}.empty_dir=true`",
        )
    if volume.claim:
        return {"persistentVolumeClaim": {"claimName": volume.claim}}
    if volume.host_path:
        return {"hostPath": {"path": _absolute(volume.host_path, key=f"{key}.host_path")}}
    return {"emptyDir": {}}


def _absolute(path: str, *, key: str) -> str:
    clean = posixpath.normpath(path) if path else ""
    if not clean.startswith("/") or clean.startswith("//") or ".." in path.split("/"):
        raise errors.InvalidValue(
            f"`{path}` is not an absolute path", where=key, hint="begin with `/` and leave `..` out"
        )
    if clean == "/":
        raise errors.InvalidValue("`/` cannot be a volume", where=key, hint="name a directory below it")
    if ":" in clean:
        raise errors.InvalidValue(f"`{path}` holds a `:`, which no mount path may", where=key)
    return clean


def _covers(mount: str, path: str) -> bool:
    return path == mount or path.startswith(f"{mount}/")


def _check_paths(mounts: tuple[Mount, ...]) -> None:
    seen: dict[str, str] = {}
    for mount in mounts:
        if mount.path in seen:
            raise errors.InvalidValue(
                f"`{mount.path}` is taken by the volume `{seen[mount.path]}`",
                where=f"volumes.{mount.name}.mount_path" if mount.name not in _RESERVED else mount.name,
                hint="mount every volume at a path of its own",
            )
        seen[mount.path] = mount.name
