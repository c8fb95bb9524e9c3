"""Volumes of a pod and where a container mounts them; one entry for each claim, however often it is mounted.

With two entries of one claim an older kubelet leaves the pod in ContainerCreating for ever: it knew volumes
by what stands behind them and kept one name for each (kubernetes issue 132921; v1.36.0 keeps a list, in
pkg/kubelet/volumemanager/cache/desired_state_of_world.go). Which `readOnly` of the two counts is open there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfjob_kit.plan import Mount

__all__ = ["build_mounts", "build_volumes"]

_CLAIM = "persistentVolumeClaim"


def build_volumes(mounts: Sequence[Mount]) -> list[dict[str, Any]]:
    """`spec.volumes`: what is mounted, each once, in the order of the first mounts."""
    names = _entry_names(mounts)
    return [
        {"name": mount.name, **_source(mount, mounts)} for mount in mounts if names[mount.name] == mount.name
    ]


def build_mounts(chosen: Sequence[Mount], *, volumes: Sequence[Mount]) -> list[dict[str, Any]]:
    """`volumeMounts` of one container.

    Args:
        chosen: What the container mounts, and where.
        volumes: The mounts that made `spec.volumes`.
    """
    names = _entry_names(volumes)
    return [_mount(mount, name=names[mount.name]) for mount in chosen]


def _mount(mount: Mount, *, name: str) -> dict[str, Any]:
    fields = {
        "name": name,
        "mountPath": mount.path,
        "subPath": mount.sub_path,
        "readOnly": mount.read_only,
    }
    return {field: value for field, value in fields.items() if value}


def _entry_names(mounts: Sequence[Mount]) -> dict[str, str]:
    """Name of a mount -> name of its entry: the first mount of the same claim."""
    first: dict[str, str] = {}
    return {
        mount.name: first.setdefault(mount.source[_CLAIM]["claimName"], mount.name)
        if _CLAIM in mount.source
        else mount.name
        for mount in mounts
    }


def _source(mount: Mount, mounts: Sequence[Mount]) -> dict[str, Any]:
    """The source; of a claim that is also mounted for writing without `readOnly`, which would win."""
    claim = mount.source.get(_CLAIM)
    if claim is None:
        return mount.source
    sources = [other.source.get(_CLAIM) for other in mounts]
    alike = [other for other in sources if other is not None and other["claimName"] == claim["claimName"]]
    if all(other.get("readOnly") for other in alike):
        return mount.source
    return {_CLAIM: {field: value for field, value in claim.items() if field != "readOnly"}}
