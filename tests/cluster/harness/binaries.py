"""The programs of the test cluster: built with Go from the module proxy into a cache outside the tree.

One folder per set of module versions, build flags and Go version. Beside the programs it holds the manifests
of operator and Kueue, so that starting a cluster needs no Go.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "binaries"
CACHE_VARIABLE = "TFJOB_KIT_CLUSTER_CACHE"
GO_VERSION = (1, 26)

_OPERATOR, _KUEUE = "github.com/kubeflow/training-operator", "sigs.k8s.io/kueue"
_FLAGS = ("-trimpath", "-tags", "notest,grpcnotrace")
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
_MANIFESTS = {
    "crd.yaml": "manifests/base/crds/kubeflow.org_tfjobs.yaml",
    "role.yaml": "manifests/base/rbac/role.yaml",
    "webhook.yaml": "manifests/base/webhook/manifests.yaml",
}


_KUEUE_MANIFESTS = "kueue.json"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A binary, the package it is built from, and the module folder where it is built.

    Attributes:
        variables: Set by the linker: `package.name=value`.
    """

    name: str
    package: str
    module: Path = SOURCES
    variables: tuple[str, ...] = ()


PARTS = {
    "plane": (
        Program(name="kube-apiserver", package="k8s.io/kubernetes/cmd/kube-apiserver"),
        Program(name="kube-controller-manager", package="k8s.io/kubernetes/cmd/kube-controller-manager"),
        Program(name="kube-scheduler", package="k8s.io/kubernetes/cmd/kube-scheduler"),
        Program(name="kubectl", package="k8s.io/kubernetes/cmd/kubectl"),
        Program(name="training-operator", package=f"{_OPERATOR}/cmd/training-operator.v1"),
        Program(name="etcd", package="go.etcd.io/etcd/server/v3"),
        Program(name="kwok", package="sigs.k8s.io/kwok/cmd/kwok"),
        Program(
            name="kueue",
            package=f"{_KUEUE}/cmd/kueue",
            module=SOURCES / "kueue",
            # Its visibility server keeps its certificate in /visibility; here where it is started.
            variables=(f"{_KUEUE}/pkg/visibility.certDir=visibility",),
        ),
    ),
    "node": (
        Program(name="kubelet", package="k8s.io/kubernetes/cmd/kubelet"),
        Program(name="pause", package="./pause"),
        Program(name="coredns", package=".", module=SOURCES / "coredns"),
    ),
}
"""What `build` makes: `plane` is enough for fake nodes, `node` adds what a real one runs."""


class CannotBuild(Exception):
    """No Go, too old a Go, or the build failed; the text says which."""


def cache_root(environ: Mapping[str, str]) -> Path:
    """Where the folders of built programs lie."""
    if named := environ.get(CACHE_VARIABLE):
        return Path(named)
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".cache"
    return Path(base) / "tfjob-kit" / "cluster"


def find(root: Path, part: str = "plane") -> Path | None:
    """The folder with every program of the part and the manifests; None: `build` has not run."""
    folders = sorted(root.glob(f"{sources_key()}-go*"), key=lambda f: f.stat().st_mtime, reverse=True)
    return next((folder for folder in folders if _is_whole(folder, part)), None)


def build(root: Path, part: str = "plane", *, jobs: int | None = None) -> Path:
    """Builds what the cache lacks and returns its folder.

    Raises:
        CannotBuild: Go is missing or too old, or a build failed.
    """
    folder = root / f"{sources_key()}-go{_go_version()}"
    folder.mkdir(parents=True, exist_ok=True)
    _copy_manifests(folder)
    for program in _missing(folder, part):
        print(f"Building {program.name}", flush=True)
        _go_build(program, folder, jobs or os.cpu_count() or 1)
    if part == "plane":
        _render_kueue(folder)
    return folder


def sources_key() -> str:
    """Hash of everything but Go's version that decides what the programs are."""
    variables = [program.variables for programs in PARTS.values() for program in programs]
    digest = hashlib.sha256(repr((_FLAGS, _ENVIRONMENT, _link_flags(), variables)).encode())
    for file in sorted(SOURCES.rglob("*")):
        if file.name in ("go.mod", "go.sum") or file.suffix == ".go":
            digest.update(f"\n{file.relative_to(SOURCES)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _is_whole(folder: Path, part: str) -> bool:
    manifests = (*_MANIFESTS, *([_KUEUE_MANIFESTS] if part == "plane" else []))
    return all((folder / name).exists() for name in manifests) and not _missing(folder, part)


def _missing(folder: Path, part: str) -> list[Program]:
    return [program for program in PARTS[part] if not (folder / program.name).exists()]


def _link_flags() -> str:
    """`-ldflags`: without the version the API server calls itself v0.0.0-master."""
    found = re.search(r"k8s\.io/kubernetes (v1\.(\d+)\.\d+)", (SOURCES / "go.mod").read_text())
    if found is None:
        raise CannotBuild("go.mod does not require k8s.io/kubernetes")
    package = "k8s.io/component-base/version"
    version, minor = found.groups()
    return f"-s -w -X {package}.gitVersion={version} -X {package}.gitMajor=1 -X {package}.gitMinor={minor}"


def _go_version() -> str:
    wanted = ".".join(map(str, GO_VERSION))
    if shutil.which("go") is None:
        raise CannotBuild(
            f"Go {wanted} or newer is needed to build the test cluster, and `go` is not on PATH"
        )
    version = _go("env", "GOVERSION").strip().removeprefix("go")
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < GO_VERSION:
        raise CannotBuild(f"Go {wanted} or newer is needed to build the test cluster; this is Go {version}")
    return version


def _copy_manifests(folder: Path) -> None:
    if all((folder / name).exists() for name in _MANIFESTS):
        return
    _go("mod", "download", _OPERATOR)
    source = Path(_go("list", "-m", "-f", "{{.Dir}}", _OPERATOR).strip())
    for name, path in _MANIFESTS.items():
        _write(folder / name, (source / path).read_bytes())


def _render_kueue(folder: Path) -> None:
    """What `kubectl apply -k` of Kueue's default installation would send, as a JSON list."""
    import yaml

    if (folder / _KUEUE_MANIFESTS).exists():
        return
    source = _go("list", "-m", "-f", "{{.Dir}}", _KUEUE, cwd=SOURCES / "kueue").strip()
    argv = [folder / "kubectl", "kustomize", f"{source}/config/default"]
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise CannotBuild(f"`kubectl kustomize` of Kueue failed\n{done.stderr.decode(errors='replace')}")
    things = list(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader))
    _write(folder / _KUEUE_MANIFESTS, json.dumps(things).encode())


def _write(target: Path, data: bytes) -> None:
    """Beside the place and renamed, so that a file that is there is whole."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.rename(target)


def _go_build(program: Program, folder: Path, jobs: int) -> None:
    """Builds beside the place and renames, so that a program that is there is whole."""
    draft = folder / f".{program.name}.{os.getpid()}"
    link = " ".join([_link_flags(), *(f"-X {variable}" for variable in program.variables)])
    flags = ["-p", str(jobs), *_FLAGS, "-ldflags", link, "-o", str(draft)]
    try:
        _go("build", *flags, program.package, cwd=program.module, quiet=False)
        draft.rename(folder / program.name)
    finally:
        draft.unlink(missing_ok=True)


def _go(*arguments: str, cwd: Path = SOURCES, quiet: bool = True) -> str:
    """Runs Go; `quiet`: what it says on stderr is shown only when it fails."""
    done = subprocess.run(
        ["go", *arguments],
        cwd=cwd,
        env={**os.environ, **_ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotBuild(f"`go {arguments[0]}` failed with {done.returncode}\n{done.stderr or ''}".rstrip())
    return done.stdout
