"""ConfigMaps on one machine: read-only directories of the job that owns them.

    companions.json                       the job's companions, whole
    config-maps/<config map>-<digest>/    one for each way in which a volume shows the keys

Owns writing them before the job can be seen, and where a volume finds its own. Must not know processes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfjob_kit.cluster.local.store import files
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules import companions as companion_rules
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import ClusterError, RefusedError

__all__ = [
    "check_config_maps",
    "directory_of",
    "make_removable",
    "put_companion",
    "read_companions",
    "write_companions",
]

_KINDS = ("ConfigMap", "PodDisruptionBudget")
_MODE = 0o644


def check_config_maps(templates: Sequence[Object], companions: Sequence[Object]) -> None:
    """Refuses companions of unknown kinds and volumes whose ConfigMap or key does not come with the job.

    Raises:
        RefusedError: What is missing, by name.
    """
    for companion in companions:
        if companion.get("kind") not in _KINDS:
            raise RefusedError(
                f"{companion.get('kind')}: the local engine knows {' and '.join(_KINDS)} alone"
            )
    for template in templates:
        for volume in _volumes(template):
            list(_shown(volume, companions))


def write_companions(job: JobDir, companions: Sequence[Object], *, templates: Sequence[Object]) -> None:
    """Writes the companions of a job that nobody sees yet, and the directories of its volumes.

    Raises:
        ClusterError: They cannot be written.
    """
    if not companions:
        return
    files.write_json(job.path / "companions.json", list(companions))
    volumes = {directory_of(job, volume): volume for template in templates for volume in _volumes(template)}
    try:
        for directory, volume in volumes.items():
            _write(directory, volume, companions)
    except OSError as error:
        raise ClusterError(
            f"cannot write the job's ConfigMaps: {error.strerror}", where=str(job.path)
        ) from error


def put_companion(job: JobDir, owned: Object) -> None:
    """Writes down something that a living job owns, in place of what has its name.

    Raises:
        RefusedError: This engine has no such kind, or its content is in use.
    """
    if owned["kind"] != "PodDisruptionBudget":
        raise RefusedError(f"{owned['kind']}: the local engine cannot add one to a job that is there")
    others = [thing for thing in read_companions(job) if not companion_rules.is_same(thing, owned)]
    files.write_json(job.path / "companions.json", [*others, owned])


def read_companions(job: JobDir) -> list[Object]:
    """The job's companions by kind and name; none for a job that has none."""
    try:
        found: list[Object] = files.read_json(job.path / "companions.json")
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda thing: (thing["kind"], thing["metadata"]["name"]))


def directory_of(job: JobDir, volume: Object) -> Path:
    """Where a volume of kind configMap lies; also for a job that has not been written yet."""
    source = part(volume, "configMap")
    digest = hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()[:8]
    return job.path / "config-maps" / f"{source.get('name')}-{digest}"


def make_removable(job: Path) -> None:
    """Lets the owner of a job's directory remove its ConfigMaps' directories."""
    for root, folders, _ in os.walk(job / "config-maps"):
        for folder in folders:
            with contextlib.suppress(OSError):
                Path(root, folder).chmod(0o700)


def _volumes(template: Object) -> list[Object]:
    return [volume for volume in items(template, "spec", "volumes") if "configMap" in volume]


def _write(directory: Path, volume: Object, companions: Sequence[Object]) -> None:
    directory.mkdir(parents=True)
    for path, (content, mode) in _shown(volume, companions):
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode & ~0o222)
    # Python must not leave its caches here either: what runs is what was sent.
    for root, folders, _ in os.walk(directory, topdown=False):
        for folder in folders:
            Path(root, folder).chmod(0o555)
    directory.chmod(0o555)


def _shown(volume: Object, companions: Sequence[Object]) -> Iterator[tuple[str, tuple[bytes, int]]]:
    """Path below the volume -> content and mode, as the kubelet projects a ConfigMap."""
    source = part(volume, "configMap")
    name, mode = source.get("name"), int(source.get("defaultMode") or _MODE)
    content = _content(str(name), companions)
    if content is None:
        if source.get("optional"):
            return
        raise RefusedError(
            f"volume `{volume['name']}`: the ConfigMap `{name}` does not come with the job",
            hint="the local engine has no other ConfigMaps; run on a cluster",
        )
    chosen = items(source, "items") or [{"key": key, "path": key} for key in content]
    for item in chosen:
        path = posixpath.normpath(item["path"])
        if item["key"] not in content or path.startswith(("/", "..")):
            if source.get("optional"):
                continue
            raise RefusedError(
                f"volume `{volume['name']}`: the ConfigMap `{name}` has no `{item['key']}` for `{path}`"
            )
        yield path, (content[item["key"]], int(item.get("mode") or mode))


def _content(name: str, companions: Sequence[Object]) -> dict[str, bytes] | None:
    for companion in companions:
        if companion["kind"] == "ConfigMap" and companion["metadata"]["name"] == name:
            texts: dict[str, str] = part(companion, "data")
            binaries: dict[str, str] = part(companion, "binaryData")
            return {key: text.encode() for key, text in texts.items()} | {
                key: base64.b64decode(text) for key, text in binaries.items()
            }
    return None
