"""A job with companions: what is written in which order, so that a launcher may be killed at any moment.

    1. the TFJob, suspended and marked as incomplete (a Kueue queue suspends by itself)
    2. each companion, owned by the TFJob's uid
    3. the mark is taken away, and the suspension too unless it was asked for

Killed in between, there is one job without pods that owns whatever there is, and creating it again completes
it: `is_same_submission` knows it by its submission, or by the mark and what it runs. Pure; engines carry it
out. See docs/decisions/companions-while-suspended.md.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tfjob_kit.cluster.port import (
    CODE_HASH_ANNOTATION,
    CONFIG_HASH_LABEL,
    INCOMPLETE_ANNOTATION,
    QUEUE_LABEL,
    SUBMISSION_ANNOTATION,
    Object,
)
from tfjob_kit.cluster.rules.objects import part

__all__ = ["as_incomplete", "completion", "is_incomplete", "is_same", "is_same_submission", "own"]


def as_incomplete(job: Object) -> Object:
    """The job as it is created before its companions."""
    marked = copy.deepcopy(job)
    marked["metadata"].setdefault("annotations", {})[INCOMPLETE_ANNOTATION] = "true"
    if QUEUE_LABEL not in part(job, "metadata", "labels"):
        marked["spec"].setdefault("runPolicy", {})["suspend"] = True
    return marked


def own(companion: Object, *, job: Object) -> Object:
    """The companion in the job's namespace, owned by it: it is deleted with the job and never before.

    Args:
        companion: ConfigMap or PodDisruptionBudget.
        job: The TFJob as stored.
    """
    meta = job["metadata"]
    owner = {
        "apiVersion": job["apiVersion"],
        "kind": job["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": False,
        "blockOwnerDeletion": False,
    }
    owned = copy.deepcopy(companion)
    owned["metadata"] |= {"namespace": meta["namespace"], "ownerReferences": [owner]}
    return owned


def completion(job: Object) -> Object:
    """The merge patch that makes the stored job what was asked for, once its companions are there.

    Args:
        job: The TFJob as it was asked for, not as stored.
    """
    patch: Object = {"metadata": {"annotations": {INCOMPLETE_ANNOTATION: None}}}
    queued = QUEUE_LABEL in part(job, "metadata", "labels")
    if not queued and not part(job, "spec", "runPolicy").get("suspend"):
        patch["spec"] = {"runPolicy": {"suspend": False}}
    return patch


def is_incomplete(stored: Object) -> bool:
    """Whether the job's submission was interrupted before its companions were all there."""
    return INCOMPLETE_ANNOTATION in part(stored, "metadata", "annotations")


def is_same(one: Object, other: Object) -> bool:
    """Whether both are the same object: of one kind and name."""
    names = [(thing["kind"], thing["metadata"]["name"]) for thing in (one, other)]
    return names[0] == names[1]


def is_same_submission(stored: Object, job: Object, *, companions: Sequence[Object] = ()) -> bool:
    """Whether creating `job` means the job that is stored under its name.

    It does when both carry the same submission, or when the stored one was left incomplete by a killed
    launcher and runs the same config with the same companions.
    """
    theirs, ours = part(stored, "metadata", "annotations"), part(job, "metadata", "annotations")
    submission = ours.get(SUBMISSION_ANNOTATION)
    if submission is not None and theirs.get(SUBMISSION_ANNOTATION) == submission:
        return True
    return bool(companions) and is_incomplete(stored) and _runs(stored) == _runs(job) is not None


def _runs(job: Object) -> tuple[str, str] | None:
    """Config and code of a job of ours; None for one that carries no hash."""
    config_hash = part(job, "metadata", "labels").get(CONFIG_HASH_LABEL)
    if config_hash is None:
        return None
    return config_hash, part(job, "metadata", "annotations").get(CODE_HASH_ANNOTATION, "")
