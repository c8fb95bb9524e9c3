"""Where the content of a volume comes from: exactly one source, and the options that belong to it."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan import references
from tfjob_kit.plan.quantities import parse_quantity

__all__ = ["absolute", "is_read_only", "make_source", "relative"]

_SOURCES = ("claim", "host_path", "nfs", "config_map", "secret", "empty_dir")
_OPTIONS = {
    "host_path_type": ("host_path",),
    "in_memory": ("empty_dir",),
    "size_limit": ("empty_dir",),
    "items": ("config_map", "secret"),
}
_PROJECTED = ("config_map", "secret")
_NFS = re.compile(r"(?P<server>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.\-]*):(?P<path>/.*)")


def make_source(volume: schema.VolumeConfig, *, key: str) -> dict[str, Any]:
    """The source as the pod template has it, e.g. `{"emptyDir": {}}`.

    Args:
        volume: What the config says.
        key: Its config key, `volumes.data`.

    Raises:
        InvalidValue: No source or several, an option of another source, or a value that cannot be.
    """
    source = _only_source(volume, key=key)
    for option, owners in _OPTIONS.items():
        if _is_given(volume, option) and source not in owners:
            raise errors.InvalidValue(
                f"`{option}` belongs to {' and '.join(f'`{owner}`' for owner in owners)}, "
                f"and this volume is {_article(source)} `{source}`",
                where=f"{key}.{option}",
                hint="drop one of them",
            )
    return _WRITERS[source](volume, f"{key}.{source}", key)


def is_read_only(volume: schema.VolumeConfig) -> bool:
    """Whether it is mounted read-only: asked for, or because the kubelet owns its content."""
    return volume.read_only or any(_is_given(volume, name) for name in _PROJECTED)


def absolute(path: str, *, key: str) -> str:
    """The path without detours.

    Raises:
        InvalidValue: Not absolute, the root, or with what no mount may hold.
    """
    if not path:
        raise errors.InvalidValue("the path is missing", where=key, hint=f"write it as in `{key}=/data`")
    clean = posixpath.normpath(path)
    if not clean.startswith("/") or clean.startswith("//") or ".." in path.split("/"):
        raise errors.InvalidValue(
            f"`{path}` is not an absolute path", where=key, hint="begin with `/` and leave `..` out"
        )
    if clean == "/":
        raise errors.InvalidValue("`/` cannot be a volume", where=key, hint="name a directory below it")
    if ":" in clean:
        raise errors.InvalidValue(f"`{path}` holds a `:`, which no mount path may", where=key)
    return clean


def relative(path: str, *, key: str) -> str:
    """The path inside a volume without detours.

    Raises:
        InvalidValue: Absolute, empty, or leading out of the volume.
    """
    clean = posixpath.normpath(path) if path else ""
    if not clean or clean == "." or clean.startswith("/") or ".." in path.split("/"):
        raise errors.InvalidValue(
            f"`{path}` is not a path inside the volume", where=key, hint="write it without `/` at the start"
        )
    return clean


def _file(path: str, *, key: str) -> str:
    """As `relative`; names that begin with two dots are the kubelet's own."""
    clean = relative(path, key=key)
    if clean.startswith(".."):
        raise errors.InvalidValue(f"`{path}` begins with two dots, as no file of it may", where=key)
    return clean


def _only_source(volume: schema.VolumeConfig, *, key: str) -> str:
    given = [name for name in _SOURCES if _is_given(volume, name)]
    if len(given) == 1:
        return given[0]
    said = " and ".join(f"`{name}`" for name in given) or "none"
    ways = ", ".join(f"`{key}.{name}`" for name in _SOURCES[:-1])
    raise errors.InvalidValue(
        f"the volume needs exactly one source, given: {said}",
        where=key,
        hint=f"set one of {ways}, `{key}.empty_dir=true`",
    )


def _is_given(volume: schema.VolumeConfig, name: str) -> bool:
    return getattr(volume, name) not in (None, False, {})


def _article(source: str) -> str:
    return "an" if source[0] in "aeiou" or source == "nfs" else "a"


def _claim(volume: schema.VolumeConfig, where: str, key: str) -> dict[str, Any]:
    # On the source as well as on the mount: disks that several nodes attach read-only need it there.
    name = references.check_object(volume.claim or "", where=where, kind="PersistentVolumeClaim")
    return {"persistentVolumeClaim": {"claimName": name} | _read_only(volume)}


def _host_path(volume: schema.VolumeConfig, where: str, key: str) -> dict[str, Any]:
    path = {"path": absolute(volume.host_path or "", key=where)}
    return {"hostPath": path | ({"type": volume.host_path_type.value} if volume.host_path_type else {})}


def _nfs(volume: schema.VolumeConfig, where: str, key: str) -> dict[str, Any]:
    match = _NFS.fullmatch(volume.nfs or "")
    if match is None or ".." in match["path"].split("/"):
        raise errors.InvalidValue(
            f"`{volume.nfs}` is not an NFS export",
            where=where,
            hint=f"write SERVER:/PATH, e.g. `{where}=nas.example.com:/exports/data`",
        )
    return {
        "nfs": {"server": match["server"], "path": posixpath.normpath(match["path"])} | _read_only(volume)
    }


def _config_map(volume: schema.VolumeConfig, where: str, key: str) -> dict[str, Any]:
    name = references.check_object(volume.config_map or "", where=where, kind="ConfigMap")
    return {"configMap": {"name": name} | _items(volume, key=key, kind="ConfigMap")}


def _secret(volume: schema.VolumeConfig, where: str, key: str) -> dict[str, Any]:
    name = references.check_object(volume.secret or "", where=where, kind="Secret")
    return {"secret": {"secretName": name} | _items(volume, key=key, kind="Secret")}


def _empty_dir(volume: schema.VolumeConfig, where: str, key: str) -> dict[str, Any]:
    source: dict[str, Any] = {"medium": "Memory"} if volume.in_memory else {}
    if volume.size_limit is not None:
        if not parse_quantity(volume.size_limit, key=f"{key}.size_limit"):
            raise errors.InvalidValue("a volume of size 0 holds nothing", where=f"{key}.size_limit")
        source["sizeLimit"] = volume.size_limit
    return {"emptyDir": source}


_WRITERS = {
    "claim": _claim,
    "host_path": _host_path,
    "nfs": _nfs,
    "config_map": _config_map,
    "secret": _secret,
    "empty_dir": _empty_dir,
}


def _read_only(volume: schema.VolumeConfig) -> dict[str, Any]:
    return {"readOnly": True} if volume.read_only else {}


def _items(volume: schema.VolumeConfig, *, key: str, kind: str) -> dict[str, Any]:
    items: list[dict[str, str]] = []
    for name, path in volume.items.items():
        where = f"{key}.items.{name}"
        references.check_key(name, where=where, kind=kind)
        items.append({"key": name, "path": _file(path, key=where)})
        if [item["path"] for item in items].count(items[-1]["path"]) > 1:
            raise errors.InvalidValue(f"two keys become the file `{items[-1]['path']}`", where=where)
    return {"items": items} if items else {}
