"""What a job asks for and one machine does differently or not at all: one event for each, by reason.

Owns the sentences. What cannot be done at all is refused before (`admission`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tfjob_kit import contract
from tfjob_kit.cluster.local import gpus
from tfjob_kit.cluster.local.processes import references, volumes
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part

__all__ = ["notices"]

_NOT_DONE = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")
_PLACEMENT = (
    "nodeSelector",
    "nodeName",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "schedulerName",
    "runtimeClassName",
    "hostNetwork",
)
_OWN_RESOURCES = ("cpu", "memory", "ephemeral-storage")


def notices(roles: Mapping[str, Object], *, asked: int, found: list[str], is_runtime: bool) -> dict[str, str]:
    """What the user should know, by event reason.

    Args:
        roles: Of the job, with defaults.
        asked: GPUs that the job asks for.
        found: GPUs that it may be given.
        is_runtime: The shipped runtime trains: it finds mounts by itself.
    """
    templates: list[Object] = [role["template"] for role in roles.values()]
    said: dict[str, str] = {}
    if asked and not found:
        many = "s" if asked > 1 else ""
        said["NoGPUs"] = f"no GPU on this machine: the job asks for {asked} GPU{many} and trains on the CPU"
    for reason, names, text in (
        (
            "ClaimIsDirectory",
            _claims(templates),
            "claims are directories of the state on this machine: {}",
        ),
        ("MemoryIsDisk", _in_memory(templates), "volumes in memory are directories on this machine: {}"),
        ("SizeNotLimited", _sized(templates), "sizes of volumes are not limited on this machine: {}"),
        ("NotReadOnly", _read_only(templates), "a process can write to what is mounted read-only: {}"),
        (
            "FromThisShell",
            _from_shell(templates),
            "no Secrets and ConfigMaps on this machine; as this shell exports it: {}",
        ),
        ("NoDevices", _devices(templates), "this machine gives out no devices but GPUs; without effect: {}"),
        ("NotPlaced", _placement(templates), "one machine, nothing to choose; without effect: {}"),
    ):
        if names:
            said[reason] = text.format(", ".join(f"`{name}`" for name in dict.fromkeys(names)))
    for name, role in roles.items():
        said |= _of_container(name, role["template"]["spec"]["containers"][0], is_runtime=is_runtime)
    return said


def _claims(templates: list[Object]) -> list[str]:
    return sorted({claim for template in templates for claim in volumes.claims(template)})


def _in_memory(templates: list[Object]) -> list[str]:
    return [
        str(volume["name"])
        for mount, volume in _mounted(templates)
        if part(volume, "emptyDir").get("medium") == "Memory" and mount["mountPath"] != volumes.SHM
    ]


def _sized(templates: list[Object]) -> list[str]:
    return [
        str(volume["name"])
        for mount, volume in _mounted(templates)
        if "sizeLimit" in part(volume, "emptyDir") and mount["mountPath"] != volumes.SHM
    ]


def _read_only(templates: list[Object]) -> list[str]:
    """Directories that people may care about; those of ConfigMaps are read-only here too."""
    return [
        str(mount["mountPath"])
        for mount, volume in _mounted(templates)
        if mount.get("readOnly") and ("hostPath" in volume or "persistentVolumeClaim" in volume)
    ]


def _from_shell(templates: list[Object]) -> list[str]:
    return [variable for template in templates for variable, _, _ in references.referenced(_main(template))]


def _devices(templates: list[Object]) -> list[str]:
    limits = (part(_main(template), "resources", "limits") for template in templates)
    return [
        name for limit in limits for name in limit if name not in _OWN_RESOURCES and not gpus.is_gpu(name)
    ]


def _placement(templates: list[Object]) -> list[str]:
    return [field for template in templates for field in _PLACEMENT if template["spec"].get(field)]


def _of_container(role: str, container: Object, *, is_runtime: bool) -> dict[str, str]:
    said: dict[str, str] = {}
    ignored = ", ".join(field for field in _NOT_DONE if field in container)
    if ignored:
        said["NotEnforced"] = f"{role}: {ignored} has no effect on this machine"
    paths = [mount["mountPath"] for mount in items(container, "volumeMounts")]
    # The working directory is where the process finds itself, whatever its path is here.
    moved = [path for path in paths if path not in (volumes.SHM, container.get("workingDir"))]
    if moved and not is_runtime:
        said["MountsAreDirectories"] = (
            f"{role}: a process has no mounts: {', '.join(moved)} lie elsewhere, see {contract.MOUNTS_ENV}"
        )
    return said


def _main(template: Object) -> Object:
    return template["spec"]["containers"][0]


def _mounted(templates: list[Object]) -> Iterator[tuple[Object, Object]]:
    for template in templates:
        yield from volumes.mounted(template)
