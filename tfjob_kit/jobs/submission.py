"""Submitting a job once.

Owns the submission's mark, which is random and made by the caller: the manifest stays a function of its
config. Imports little, since a submission that nobody follows needs little.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tfjob_kit import errors
from tfjob_kit.cluster import port
from tfjob_kit.jobs.events import Submitted

__all__ = ["submit"]


def submit(
    cluster: port.Cluster,
    manifest: port.Object,
    *,
    submission: str | None = None,
    companions: Sequence[port.Object] = (),
) -> Submitted:
    """Creates the TFJob exactly as given, but for the mark of its submission, and what it owns.

    Args:
        cluster: The engine.
        manifest: The TFJob.
        submission: Random text; a creation that is repeated after a lost answer finds its own job by it.
        companions: ConfigMaps and PodDisruptionBudgets, without owner references.

    Raises:
        JobExists: A job of that name is there; says how it differs.
        RefusedError: The engine cannot run it.
    """
    try:
        stored = cluster.create(_marked(manifest, submission), companions=companions)
    except errors.JobExists as error:
        from tfjob_kit.jobs import taken

        if error.existing is None or "deletionTimestamp" in error.existing["metadata"]:
            raise
        found = taken.compare_with(error.existing, manifest)
        raise taken.explain_taken(found, existing=error.existing) from error
    metadata = stored["metadata"]
    return Submitted(job=metadata["name"], namespace=metadata["namespace"], engine=cluster.name)


def _marked(manifest: port.Object, submission: str | None) -> port.Object:
    if submission is None:
        return manifest
    marked = copy.deepcopy(manifest)
    marked["metadata"].setdefault("annotations", {})[port.SUBMISSION_ANNOTATION] = submission
    return marked
