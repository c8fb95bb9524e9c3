"""Where a job's output lies, and whether it is there when its pods are gone."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.job_config import plain_config, tensorflow_container
from tfjob_kit.jobs.replica_view import items, part

__all__ = ["Output", "find_output"]


@dataclass(frozen=True, kw_only=True)
class Output:
    """The output of a job.

    Attributes:
        survives: It outlives the pods, as far as can be told; None: nothing is known of the job's output.
        text: For people: `its output is in the claim data`.
        claim: PersistentVolumeClaim that holds it.
        path: `output.dir` inside that claim, without a leading slash; empty for its root.
    """

    survives: bool | None
    text: str
    claim: str | None = None
    path: str = ""


def find_output(job: port.Object, *, keeps_scratch: bool) -> Output:
    """Where the config's `output.dir` leads to.

    Args:
        job: The TFJob.
        keeps_scratch: Of the engine.
    """
    volume, path = _volume(job)
    if volume is None:
        return Output(survives=None, text="its output is unknown")
    if claim := part(volume, "persistentVolumeClaim").get("claimName"):
        return Output(survives=True, text=f"its output is in the claim {claim}", claim=claim, path=path)
    if (nfs := part(volume, "nfs")).get("path"):
        return Output(
            survives=True, text=f"its output is in the NFS export {nfs.get('server')}:{nfs['path']}"
        )
    if path := part(volume, "hostPath").get("path"):
        return Output(survives=True, text=f"its output is in {path} of the chief's node")
    if "emptyDir" in volume:
        if keeps_scratch:
            return Output(survives=True, text="its output is kept with the job")
        return Output(survives=False, text="its output is in no claim and ends with its pods")
    return Output(survives=None, text=f"its output is in the volume {volume['name']}")


def _volume(job: port.Object) -> tuple[dict[str, Any] | None, str]:
    """The volume that covers `output.dir`, that of the longest mount path above it, and the way inside."""
    try:
        directory = posixpath.normpath(str(plain_config(job)["output"]["dir"]))
    except (errors.RefusedError, KeyError, TypeError):
        return None, ""
    mounts = [m for m in items(tensorflow_container(job), "volumeMounts") if _covers(m, directory)]
    if not mounts:
        return None, ""
    mount = max(mounts, key=lambda mount: len(mount["mountPath"]))
    inside = directory.removeprefix(mount["mountPath"].rstrip("/"))
    path = posixpath.join(mount.get("subPath", ""), inside.strip("/")).strip("/")
    return next((v for v in _volumes(job) if v["name"] == mount["name"]), None), path


def _volumes(job: port.Object) -> list[dict[str, Any]]:
    roles: dict[str, Any] = part(job, "spec", "tfReplicaSpecs")
    return [v for role in roles.values() for v in items(part(role, "template", "spec"), "volumes")]


def _covers(mount: dict[str, Any], directory: str) -> bool:
    path = mount["mountPath"].rstrip("/")
    return directory == path or directory.startswith(f"{path}/")
