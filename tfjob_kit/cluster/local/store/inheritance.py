"""What a retry of a job takes over from it: the scratch space of its pods.

On a cluster scratch space ends with its pod; here it is kept while the job is, so that a retry can go on from
the old job's checkpoints. It is copied: the old job can be removed, and two attempts never write to one
place.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.port import RETRY_OF_ANNOTATION, Object
from tfjob_kit.cluster.rules.objects import part
from tfjob_kit.errors import ClusterError

__all__ = ["inherit_scratch"]


def inherit_scratch(new: JobDir, stored: Object, *, siblings: Path) -> None:
    """Copies the scratch space of the job that `stored` is a retry of; nothing when there is none.

    Args:
        new: Directory of the new job, which nobody sees yet.
        stored: The new job.
        siblings: Directory of the jobs of its namespace.

    Raises:
        ClusterError: It cannot be copied, e.g. the disk is full.
    """
    name: str = stored["metadata"]["name"]
    old_name: str | None = part(stored, "metadata", "annotations").get(RETRY_OF_ANNOTATION)
    if not old_name or "/" in old_name or not (siblings / old_name / "volumes").is_dir():
        return
    for old in sorted((siblings / old_name / "volumes").glob(f"{old_name}-*")):
        target = new.path / "volumes" / (name + old.name.removeprefix(old_name))
        try:
            shutil.copytree(old, target, symlinks=True)
        except (OSError, shutil.Error) as error:
            raise ClusterError(
                f"cannot copy the output of `{old_name}`: {error}",
                where=str(old),
                hint="free some disk space",
            ) from error
