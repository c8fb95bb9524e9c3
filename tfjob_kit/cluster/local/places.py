"""Where a job's things lie, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfjob_kit import contract
from tfjob_kit.cluster.local.admission import roles_of
from tfjob_kit.cluster.local.processes import volumes
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import Object

__all__ = ["places"]

_LEADERS = ("Chief", "Master", "Worker")


def places(job: JobDir, stored: Object, *, state: Path) -> dict[str, str]:
    """Directory of the logs, and of the leader's output where the job's config names one."""
    found = {"logs": str(job.path / "logs")}
    roles = roles_of(stored)
    role = next((name for name in _LEADERS if name in roles), None)
    if role is None:
        return found
    template: Object = roles[role]["template"]
    output = _output_dir(template)
    pod = f"{job.ref.name}-{role.lower()}-0"
    mounts = volumes.mount_table(template, job=job, state=state, pod=pod)
    if output and (directory := contract.host_path(output, mounts)) != output:
        found["output"] = directory
    return found


def _output_dir(template: Object) -> str | None:
    """`output.dir` of the config that travels with the job; None for a user's own command."""
    import yaml

    env: list[Object] = template["spec"]["containers"][0].get("env") or []
    text = next((entry.get("value") for entry in env if entry["name"] == contract.CONFIG_ENV), None)
    try:
        config: Any = yaml.safe_load(text or "")
        return str(config["output"]["dir"])
    except (yaml.YAMLError, TypeError, KeyError):
        return None
