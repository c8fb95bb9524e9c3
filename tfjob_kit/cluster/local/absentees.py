"""What a cluster has and one machine has not: other controllers, queues, schedulers, sidecars.

Owns which of them a job can do without, with a notice, and which it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping

from tfjob_kit.cluster.port import QUEUE_LABEL, Object
from tfjob_kit.cluster.rules.objects import items, part
from tfjob_kit.errors import RefusedError

__all__ = ["absentee_notices", "check_manager", "is_sidecar"]

_OPERATOR = "kubeflow.org/training-operator"
_ALIKE = ("cpu", "memory", "ephemeral-storage")


def check_manager(job: Object) -> None:
    """Refuses a job that another controller looks after.

    Raises:
        RefusedError: Here nobody would start it.
    """
    manager = part(job, "spec", "runPolicy").get("managedBy")
    if manager not in (None, _OPERATOR):
        raise RefusedError(
            f"`{manager}` looks after this job, and this machine has no such controller",
            where="job.managed_by",
            hint="drop `job.managed_by` here",
        )


def is_sidecar(container: Object) -> bool:
    """Whether an init container is a native sidecar, which nothing of the job waits for."""
    return container.get("restartPolicy") == "Always"


def absentee_notices(job: Object, roles: Mapping[str, Object]) -> dict[str, str]:
    """What the job does without here, by event reason.

    Args:
        job: The TFJob.
        roles: Of it, with defaults.
    """
    specs: list[Object] = [role["template"]["spec"] for role in roles.values()]
    sidecars = [str(c["name"]) for spec in specs for c in items(spec, "initContainers") if is_sidecar(c)]
    queue = part(job, "metadata", "labels").get(QUEUE_LABEL)
    said: dict[str, str] = {}
    if sidecars:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(sidecars))
        said["NoSidecars"] = f"no containers on this machine: the sidecars {names} are not started"
    if queue:
        said["NoQueue"] = f"no queues on this machine: the job does not wait in `{queue}`"
    if part(job, "spec", "runPolicy", "schedulingPolicy"):
        said["NoGang"] = "no gang scheduler on this machine: all replicas start at once in any case"
    if len({tuple(_sizes(spec)) for spec in specs}) > 1:
        said["SizesOfRoles"] = "sizes of roles are not enforced on this machine: replicas share what there is"
    return said


def _sizes(spec: Object) -> list[tuple[str, str]]:
    limits = part(spec["containers"][0], "resources", "limits")
    return sorted((name, str(amount)) for name, amount in limits.items() if name in _ALIKE)
