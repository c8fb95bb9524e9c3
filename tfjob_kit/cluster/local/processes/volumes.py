"""What a pod's volumes mean on one machine: directories.

    emptyDir                <job>/volumes/<pod>/<volume>, kept while the job is, even when the pod is
                            recreated: a laptop's disk does not vanish with a process, and a killed
                            chief resumes
    hostPath                the path itself, checked and made as its type says
    configMap               a read-only directory of the job, for the ConfigMaps that come with it
    persistentVolumeClaim   <state>/claims/<namespace>/<claim>, kept after the job
    anything at /dev/shm    /dev/shm

A process sees no mounts: it gets the table as TFJOB_KIT_MOUNTS.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfjob_kit.cluster.local import config_maps
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import ClusterError, RefusedError

__all__ = ["SHM", "check_volumes", "claims", "make_mounts", "mount_table", "mounted"]

SHM = "/dev/shm"
"""Shared memory is where it is."""
_KINDS = ("emptyDir", "hostPath", "persistentVolumeClaim", "configMap")
_WAYS_OUT = {
    "nfs": "mount the export on this machine and name the directory with `host_path`;\n",
    "secret": "write its files into a directory of this machine and name that with `host_path`;\n",
}
_TYPES: dict[str, tuple[Callable[[Path], bool], str]] = {
    "Directory": (Path.is_dir, "a directory"),
    "DirectoryOrCreate": (Path.is_dir, "a directory"),
    "File": (Path.is_file, "a file"),
    "FileOrCreate": (Path.is_file, "a file"),
    "Socket": (Path.is_socket, "a socket"),
    "CharDevice": (Path.is_char_device, "a character device"),
    "BlockDevice": (Path.is_block_device, "a block device"),
}
"""What a hostPath of that type has to be (kubernetes v1.36 pkg/volume/hostpath)."""


def check_volumes(template: Object) -> None:
    """Raises RefusedError for a mounted volume that has no meaning on this machine."""
    known = [volume["name"] for volume in items(template, "spec", "volumes")]
    for mount in items(template["spec"]["containers"][0], "volumeMounts"):
        if mount["name"] not in known:
            raise RefusedError(f"`volumeMounts` names `{mount['name']}`, which is no volume of the pod")
    for mount, volume in mounted(template):
        kind = next((kind for kind in _KINDS if kind in volume), None)
        if kind is None:
            given = ", ".join(sorted(set(volume) - {"name"})) or "no source"
            raise RefusedError(
                f"volume `{volume['name']}` ({given}) has no meaning on this machine",
                hint=_WAYS_OUT.get(given, "")
                + f"the local engine knows {', '.join(_KINDS)}; use --engine kube for the others",
            )
        if "subPathExpr" in mount:
            raise RefusedError(f"volume `{volume['name']}`: the local engine has no subPathExpr")
        if kind == "hostPath":
            _check_host_path(volume)


def claims(template: Object) -> list[str]:
    """Names of the claims that the pod mounts."""
    sources = [part(volume, "persistentVolumeClaim") for _, volume in mounted(template)]
    return sorted({str(source["claimName"]) for source in sources if source})


def make_mounts(template: Object, *, job: JobDir, state: Path, pod: str) -> dict[str, str]:
    """Makes the directories and returns mount path -> directory.

    Raises:
        ClusterError: A directory cannot be made.
    """
    mounts = mount_table(template, job=job, state=state, pod=pod)
    for _, volume in mounted(template):
        if part(volume, "hostPath").get("type") == "FileOrCreate":
            _make_file(Path(volume["hostPath"]["path"]))
    for directory in mounts.values():
        if Path(directory).exists():
            continue
        try:
            Path(directory).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClusterError(f"cannot make `{directory}`: {error.strerror}") from error
    return mounts


def mount_table(template: Object, *, job: JobDir, state: Path, pod: str) -> dict[str, str]:
    """Mount path -> directory, whether or not the directories are there."""
    mounts: dict[str, str] = {}
    for mount, volume in mounted(template):
        directory = _directory(volume, job=job, state=state, pod=pod) / mount.get("subPath", "")
        if mount["mountPath"] == SHM and "emptyDir" in volume:
            directory = Path(SHM)
        mounts[mount["mountPath"]] = str(directory)
    return mounts


def mounted(template: Object) -> list[tuple[Object, Object]]:
    """Pairs of mount and volume of the pod's container."""
    volumes: dict[str, Object] = {volume["name"]: volume for volume in items(template, "spec", "volumes")}
    mounts = items(template["spec"]["containers"][0], "volumeMounts")
    return [(mount, volumes[mount["name"]]) for mount in mounts if mount["name"] in volumes]


def _directory(volume: Object, *, job: JobDir, state: Path, pod: str) -> Path:
    if "hostPath" in volume:
        return Path(volume["hostPath"]["path"])
    if "persistentVolumeClaim" in volume:
        return state / "claims" / job.ref.namespace / volume["persistentVolumeClaim"]["claimName"]
    if "configMap" in volume:
        return config_maps.directory_of(job, volume)
    return job.path / "volumes" / pod / volume["name"]


def _make_file(path: Path) -> None:
    try:
        path.touch(0o644)
    except OSError as error:
        raise ClusterError(f"cannot make the file `{path}`: {error.strerror}") from error


def _check_host_path(volume: Object) -> None:
    path, kind = Path(volume["hostPath"]["path"]), volume["hostPath"].get("type") or ""
    if not path.exists():
        if kind.endswith("OrCreate"):
            return
        raise RefusedError(
            f"volume `{volume['name']}`: `{path}` does not exist on this machine",
            hint=f"mkdir -p {path}" if kind in ("", "Directory") else None,
        )
    is_right, what = _TYPES.get(kind, (Path.exists, ""))
    if not is_right(path):
        raise RefusedError(f"volume `{volume['name']}`: `{path}` of this machine is not {what}")
