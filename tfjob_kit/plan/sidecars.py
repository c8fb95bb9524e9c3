"""Further containers beside the training, as native sidecars.

A plain container that does not end keeps its pod, and so the job, running for ever (training-operator v1.9.4
reads the pod's phase). An init container with restart policy Always starts before the training, and the
kubelet ends it when the training has ended (Kubernetes 1.29 and newer).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.config.nearest import nearest
from tfjob_kit.plan.environment import check_env_name, escape
from tfjob_kit.plan.job_plan import Mount, Sidecar
from tfjob_kit.plan.quantities import parse_quantity
from tfjob_kit.plan.volume_sources import absolute

__all__ = ["make_sidecars"]

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


def make_sidecars(config: schema.RunConfig, *, mounts: Sequence[Mount]) -> tuple[Sidecar, ...]:
    """The sidecars of every pod of the job, in the order of the config, in which they start.

    Args:
        config: The run.
        mounts: Volumes that the pods of all roles have.

    Raises:
        InvalidValue: A name, variable, path or quantity that cannot be; no image.
        UnknownChoice: A volume that the job has not.
    """
    return tuple(_sidecar(name, sidecar, mounts) for name, sidecar in config.sidecars.items())


def _sidecar(name: str, sidecar: schema.SidecarConfig, mounts: Sequence[Mount]) -> Sidecar:
    where = f"sidecars.{name}"
    if not _NAME.fullmatch(name) or name == contract.CONTAINER_NAME:
        raise errors.InvalidValue(
            f"`{name}` cannot name a sidecar",
            where=where,
            hint=f"lower-case letters, digits and `-`; `{contract.CONTAINER_NAME}` is the training",
        )
    if not sidecar.image:
        raise errors.InvalidValue("the sidecar has no image", where=where, hint=f"{where}.image=IMAGE")
    for variable in sidecar.env:
        check_env_name(variable, where=f"{where}.env.{variable}")
    return Sidecar(
        name=name,
        image=sidecar.image,
        command=tuple(sidecar.command),
        args=tuple(sidecar.args),
        env=tuple((variable, escape(value)) for variable, value in sidecar.env.items()),
        resources={kind: _amount(getattr(sidecar, kind), f"{where}.{kind}") for kind in ("cpu", "memory")},
        mounts=tuple(_mount(volume, path, mounts, where=where) for volume, path in sidecar.mounts.items()),
    )


def _amount(text: str, key: str) -> str:
    if parse_quantity(text, key=key) == 0:
        raise errors.InvalidValue("a sidecar cannot run on nothing", where=key, hint=f"{key}=100m or more")
    return text


def _mount(name: str, path: str, mounts: Sequence[Mount], *, where: str) -> Mount:
    known = {mount.name: mount for mount in mounts}
    key = f"{where}.mounts.{name}"
    if name not in known:
        raise errors.UnknownChoice(
            f"the job has no volume `{name}`",
            where=key,
            nearest=nearest(name, known),
            hint=f"volumes: {', '.join(known)}" if known else "the job has none: `volumes`",
        )
    volume = known[name]
    return Mount(
        name=name,
        path=absolute(path, key=key),
        source=volume.source,
        sub_path=volume.sub_path,
        read_only=volume.read_only,
    )
