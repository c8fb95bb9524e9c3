"""The environment, arguments and directory of a replica, as the kubelet would give them to a container.

Owns `$(NAME)` expansion, `valueFrom` and what the engine adds of its own. Must not know processes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tfjob_kit import contract
from tfjob_kit.cluster.local.processes.process_tree import MARKER_ENV
from tfjob_kit.cluster.local.processes.shim import Command
from tfjob_kit.cluster.port import Object
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import RefusedError

__all__ = ["Place", "check_environment", "expand", "make_command"]

_REFERENCE = re.compile(r"\$(?:\$|\(([^()]*)\))")
_FROM_OBJECTS = {"secretKeyRef", "configMapKeyRef"}
_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid")
_OURS = (
    contract.TF_CONFIG_ENV,
    contract.CONFIG_ENV,
    contract.RUN_ID_ENV,
    contract.PORT_ENV,
    contract.MOUNTS_ENV,
    contract.GPUS_ENV,
    contract.TERMINATION_LOG_ENV,
    MARKER_ENV,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where on this machine a replica runs.

    Attributes:
        mounts: Mount path -> directory.
        gpus: Its GPUs, as CUDA_VISIBLE_DEVICES names them.
        on_cpu_instead: It asked for GPUs and the machine has none.
        threads: Its share of the cores.
        port: First of its three ports.
        directory: Directory of the submission.
        termination_log: File for the termination message.
        path: Directory of the Python that submitted: the template's `python` is that one.
    """

    mounts: dict[str, str]
    gpus: list[str]
    on_cpu_instead: bool
    threads: int
    port: int
    directory: Path
    termination_log: Path
    path: Path = Path(sys.executable).parent


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where NAME is known, `$$` by `$` (kubernetes third_party/forked/golang)."""

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else values.get(name, match.group(0))

    return _REFERENCE.sub(replace, text)


def check_environment(container: Object) -> None:
    """Refuses variables whose source has no meaning on this machine; Secrets and ConfigMaps: `references`.

    Raises:
        RefusedError: The variable.
    """
    for entry in items(container, "env"):
        source = part(entry, "valueFrom")
        if not source or _FROM_OBJECTS & set(source) or part(source, "fieldRef").get("fieldPath") in _FIELDS:
            continue
        raise RefusedError(
            f"variable `{entry['name']}`: {_describe(source)} has no meaning on this machine",
            hint="give the value itself, or run on a cluster",
        )


def make_command(pod: Object, *, place: Place, environ: Mapping[str, str]) -> Command:
    """What the pod's container runs.

    Args:
        pod: The pod, TF_CONFIG included in its container's env.
        place: What this machine gives it.
        environ: Environment of the submission: what a container's image would bring.
    """
    container: Object = pod["spec"]["containers"][0]
    own = _own_variables(pod, place)
    declared = _declared(pod, container, own, environ)
    argv: list[str] = [*(container.get("command") or []), *(container.get("args") or [])]
    inherited = {name: value for name, value in environ.items() if name not in _OURS}
    everything = {**inherited, **own, **declared, **_forced(place)}
    if "PYTHONPATH" in declared:
        everything["PYTHONPATH"] = _on_this_machine(declared["PYTHONPATH"], place)
    everything["PATH"] = f"{place.path}:{everything.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    return Command(
        argv=_resolve([expand(word, declared) for word in argv], place),
        environ=everything,
        directory=_directory(container, place),
    )


def _own_variables(pod: Object, place: Place) -> dict[str, str]:
    meta: Object = pod["metadata"]
    owners = items(meta, "ownerReferences")
    threads = str(place.threads)
    return {
        MARKER_ENV: f"{owners[0]['uid'] if owners else ''}/{meta['name']}",
        contract.PORT_ENV: str(place.port),
        contract.MOUNTS_ENV: json.dumps(place.mounts),
        contract.TERMINATION_LOG_ENV: str(place.termination_log),
        "CUDA_VISIBLE_DEVICES": ",".join(place.gpus),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "PYTHONUNBUFFERED": "1",
        "HOSTNAME": meta["name"],
    }


def _declared(
    pod: Object, container: Object, own: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """The container's env in its order: a value may refer to those before it."""
    values = {name: own[name] for name in (contract.PORT_ENV, contract.MOUNTS_ENV)}
    for entry in items(container, "env"):
        name, source = str(entry["name"]), part(entry, "valueFrom")
        path: str | None = part(source, "fieldRef").get("fieldPath")
        if path:
            values[name] = str(pod["metadata"][path.removeprefix("metadata.")])
        elif not _FROM_OBJECTS & set(source):
            values[name] = expand(entry.get("value") or "", values)
        elif name in environ:
            values[name] = environ[name]
    return values


def _forced(place: Place) -> dict[str, str]:
    return {contract.GPUS_ENV: "0"} if place.on_cpu_instead else {}


def _directory(container: Object, place: Place) -> Path:
    given: str | None = container.get("workingDir")
    return Path(contract.host_path(given, place.mounts)) if given else place.directory


def _on_this_machine(paths: str, place: Place) -> str:
    """A list of directories, those below mounts as this machine has them."""
    return os.pathsep.join(contract.host_path(path, place.mounts) for path in paths.split(":") if path)


def _resolve(argv: list[str], place: Place) -> list[str]:
    # Some installations have `python3` alone; the template says `python`.
    if argv and argv[0] in ("python", "python3") and not (place.path / argv[0]).exists():
        return [sys.executable, *argv[1:]]
    return argv


def _describe(source: Object) -> str:
    kind = next(iter(source))
    detail: Object = source[kind] or {}
    what = detail.get("fieldPath") or detail.get("name") or detail.get("resource") or ""
    return f"`{kind}` {what}".strip()
