"""Volumes of each replica: shared memory, the output, and what the config names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.plan.job_plan import Mount
from tfjob_kit.plan.quantities import parse_quantity
from tfjob_kit.plan.references import check_object
from tfjob_kit.plan.volume_sources import absolute, is_read_only, make_source, relative

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
    path = absolute(output.dir, key="output.dir")
    if output.claim:
        claim = check_object(output.claim, where="output.claim", kind="PersistentVolumeClaim")
        source: dict[str, Any] = {"persistentVolumeClaim": {"claimName": claim}}
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
        path=absolute(volume.mount_path, key=f"{key}.mount_path"),
        source=make_source(volume, key=key),
        sub_path=None if volume.sub_path is None else relative(volume.sub_path, key=f"{key}.sub_path"),
        read_only=is_read_only(volume),
    )


def _covers(mount: str, path: str) -> bool:
    return path == mount or path.startswith(f"{mount}/")


def _check_paths(mounts: tuple[Mount, ...]) -> None:
    seen: dict[str, str] = {}
    for mount in mounts:
        where = mount.name if mount.name in _RESERVED else f"volumes.{mount.name}.mount_path"
        if mount.path in seen:
            raise errors.InvalidValue(
                f"`{mount.path}` is taken by the volume `{seen[mount.path]}`",
                where=where,
                hint="mount every volume at a path of its own",
            )
        seen[mount.path] = mount.name
    for mount in mounts:
        _check_parents(mount, mounts)


def _check_parents(mount: Mount, mounts: tuple[Mount, ...]) -> None:
    """The directory to mount on is made by the runtime, which cannot where the kubelet's files are."""
    for parent in mounts:
        is_projected = "secret" in parent.source or "configMap" in parent.source
        if is_projected and parent.path != mount.path and _covers(parent.path, mount.path):
            raise errors.InvalidValue(
                f"`{mount.path}` lies inside `{parent.path}`, which is read-only",
                where=mount.name if mount.name in _RESERVED else f"volumes.{mount.name}.mount_path",
                hint=f"mount it beside the volume `{parent.name}`",
            )
