"""Volumes whose content outlives jobs: a folder of this machine behind a PersistentVolumeClaim."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from harness.api import Api, wait_until

_RUNTIME_USER = 1000


def make(api: Api, *, namespace: str, name: str, folder: Path) -> Path:
    """A bound claim; returns the folder that pods mount. Kubernetes changes no owner on a hostPath volume."""
    folder.mkdir(parents=True)
    os.chown(folder, _RUNTIME_USER, _RUNTIME_USER)
    claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    api.request("POST", "/api/v1/persistentvolumes", _volume(namespace, name, folder))
    api.request("POST", claims, _claim(namespace, name))
    wait_until(
        lambda: api.request("GET", f"{claims}/{name}")["status"].get("phase"),
        lambda phase: phase == "Bound",
        what=f"the claim {name} bound",
    )
    return folder


def copy_checkpoint(prefix: Path, folder: Path) -> None:
    """Puts one checkpoint into the output of another job."""
    folder.mkdir()
    os.chown(folder, _RUNTIME_USER, _RUNTIME_USER)
    for file in prefix.parent.glob(f"{prefix.name}.*"):
        os.chown(shutil.copy(file, folder), _RUNTIME_USER, _RUNTIME_USER)


def _volume(namespace: str, name: str, folder: Path) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{namespace}-{name}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "hostPath": {"path": str(folder)},
            "claimRef": {"namespace": namespace, "name": name},
        },
    }


def _claim(namespace: str, name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
            "volumeName": f"{namespace}-{name}",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
