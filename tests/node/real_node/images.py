"""The node's two images, as archives that `ctr images import` takes: no registry, nothing to pull.

`pause` is the sandbox of every pod. The runtime's image is all but empty: folders, users, names. What a real
one would hold (system, interpreter, environment, this tree) is mounted read-only into every container of the
node, at the same places as on this machine; see `settings.container_spec`. So a pod is exactly what the kit
renders, with the kit's default image, and runs the code of this tree.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PAUSE = "tfjob-kit.test/pause:1"
_TREE = Path(__file__).parents[3]
_USERS = "root:x:0:0::/root:/bin/sh\ntfjob:x:1000:1000::/tmp:/bin/sh\n"
_NAMES = "passwd: files\ngroup: files\nhosts: files dns\n"
_LINKS = {name: f"usr/{name}" for name in ("bin", "lib", "lib64", "sbin")}


@dataclass(frozen=True, kw_only=True)
class Image:
    """One layer.

    Attributes:
        files: Path -> content; executable when its folder is the root.
        links: Name -> target.
        environ: Of every container.
    """

    name: str
    folders: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    entrypoint: str | None = None


def pause(program: Path) -> Image:
    """The sandbox, from the program that the cluster's binaries hold."""
    return Image(name=PAUSE, files={"pause": program.read_bytes()}, entrypoint="/pause")


def runtime(name: str) -> Image:
    """What replicas run; `name` is what the kit's manifests ask for."""
    return Image(
        name=name,
        folders=("dev", "etc", "output", "proc", "root", "sys", "tmp", "usr", "var", *_mount_points()),
        files={"etc/passwd": _USERS.encode(), "etc/nsswitch.conf": _NAMES.encode()},
        links=_LINKS,
        environ={
            "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            # As the kit's Dockerfile has it; the tree is mounted read-only.
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


def mounted() -> list[Path]:
    """Folders of this machine that the runtime's containers see; none lies in another."""
    wanted = {Path("/usr"), Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), _TREE.resolve()}
    return sorted(one for one in wanted if not any(other in one.parents for other in wanted))


def write(image: Image, target: Path) -> Path:
    """The image as docker's archive format."""
    layer = _layer(image)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Env": [f"{name}={value}" for name, value in image.environ.items()],
            **({"Entrypoint": [image.entrypoint]} if image.entrypoint else {}),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    text = json.dumps(config).encode()
    name = f"{hashlib.sha256(text).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [image.name], "Layers": ["layer.tar"]}]
    with tarfile.open(target, "w") as archive:
        for path, data in (
            (name, text),
            ("layer.tar", layer),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            _add_file(archive, path, data, mode=0o644)
    return target


def _mount_points() -> list[str]:
    parents = [str(folder).strip("/") for path in mounted() for folder in [*path.parents, path]]
    return sorted({folder for folder in parents if folder})


def _layer(image: Image) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in image.folders:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        for name, target in image.links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
        for path, data in image.files.items():
            _add_file(archive, path, data, mode=0o644 if "/" in path else 0o755)
    return buffer.getvalue()


def _add_file(archive: tarfile.TarFile, path: str, data: bytes, *, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(data), mode
    archive.addfile(entry, io.BytesIO(data))
