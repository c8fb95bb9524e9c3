"""`resize`: the same run on another number of GPUs or replicas.

Owns what a resize may change and what it writes: the difference between the manifests of the old and the new
config, carried over into the job as it is stored, so that everything else in it stays. Data is indexed by the
step and the global batch does not change, so the run goes on along the very same trajectory.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from tfjob_kit import config as configs
from tfjob_kit import errors, lint, manifest, plan
from tfjob_kit.cluster import port
from tfjob_kit.config import schema
from tfjob_kit.jobs import patches
from tfjob_kit.jobs.job_config import read_config
from tfjob_kit.jobs.replica_view import part
from tfjob_kit.jobs.suspension import (
    GONE_NOTES,
    RESIZING_ANNOTATION,
    SAVED_STEP_ANNOTATION,
    check_pausable,
    is_asked_to_suspend,
    wait_for_rest,
)
from tfjob_kit.jobs.view import build_view

__all__ = ["Resize", "check_resize", "plan_resize", "resize_job"]

_KEYS = ("gpus", "replicas")
_SYSTEM_ANNOTATIONS = (port.SUBMISSION_ANNOTATION, SAVED_STEP_ANNOTATION, RESIZING_ANNOTATION)


@dataclass(frozen=True, kw_only=True)
class Resize:
    """What a resize will do.

    Attributes:
        before: The job as it is, described.
        after: The job as it will be.
        job: The TFJob as it will be.
        patch: Merge patch to it; empty when nothing changes.
        companions: What it owns that depends on its size: the budget that protects it from drains.
        stays_suspended: It was suspended by the user and will not be resumed.
        is_begun: An earlier resize has suspended it already.
    """

    before: plan.JobPlan
    after: plan.JobPlan
    job: port.Object
    patch: port.Object
    companions: tuple[port.Object, ...]
    stays_suspended: bool
    is_begun: bool


def plan_resize(job: port.Object, overrides: Sequence[str]) -> Resize:
    """Decides everything about a resize; touches nothing.

    Raises:
        RefusedError: It is finished or queued, carries no config, the devices cannot share the batch, or the
            lint has an error that the job has not now.
        ConfigError: The overrides are not a size.
    """
    check_pausable(build_view(job), verb="resize")
    old = read_config(job)
    new = _resized_config(old, overrides)
    before, after = _plan(job, old), _plan_new(job, new)
    base, wanted = manifest.build_tfjob(before), manifest.build_tfjob(after)
    _refuse_new_errors(base, wanted, overlay=new.overlay)
    seeded, base = _with_new_roles(job, base, wanted)
    resized = patches.carry_over(seeded, base=base, wanted=wanted)
    is_begun = RESIZING_ANNOTATION in part(job, "metadata", "annotations")
    return Resize(
        before=before,
        after=after,
        job=resized,
        patch=patches.merge_patch_between(job, resized),
        companions=manifest.build_companions(after),
        stays_suspended=is_asked_to_suspend(job) and not is_begun,
        is_begun=is_begun,
    )


def check_resize(cluster: port.Cluster, resize: Resize) -> None:
    """Lets the engine check the job as it will be, nothing touched.

    Raises:
        RefusedError: The engine cannot run it.
        ClusterError: The engine would not take it.
    """
    given = resize.job["metadata"]
    annotations = part(given, "annotations")
    metadata = {
        "name": given["name"],
        "namespace": given["namespace"],
        "labels": part(given, "labels"),
        "annotations": {k: v for k, v in annotations.items() if k not in _SYSTEM_ANNOTATIONS},
    }
    trial = {name: resize.job[name] for name in ("apiVersion", "kind", "spec")} | {"metadata": metadata}
    # The name is taken, by the job itself; what is wrong with its content is said before that.
    with contextlib.suppress(errors.JobExists):
        cluster.create(trial, dry_run=True)


def resize_job(
    cluster: port.Cluster, ref: port.JobRef, resize: Resize, *, stop: threading.Event
) -> int | None:
    """Suspends the job, waits for its pods to go, writes the new size and resumes it, the two in one patch.

    Interrupted before that, the job stays suspended with its old size: the same resize goes on from there.

    Returns:
        The step that was saved on the way; 0 when that is not known; None when `stop` was set first.

    Raises:
        JobNotFound: No job of that name.
        JobCancelled: It was deleted or resumed meanwhile.
    """
    if resize.stays_suspended:
        _put_companions(cluster, ref, resize)
        cluster.patch(ref, resize.patch)
        return 0
    mark: port.Object = {RESIZING_ANNOTATION: plan.describe_plan(resize.after)}
    asked = {"metadata": {"annotations": mark}, "spec": {"runPolicy": {"suspend": True}}}
    words = wait_for_rest(cluster, ref, stop=stop, begin=lambda: cluster.patch(ref, asked))
    if words is None:
        return None
    _put_companions(cluster, ref, resize)
    cluster.patch(ref, _resumed(resize.patch))
    return words.saved_step or 0


def _put_companions(cluster: port.Cluster, ref: port.JobRef, resize: Resize) -> None:
    for companion in resize.companions:
        cluster.put_companion(ref, companion)


def _resumed(patch: port.Object) -> port.Object:
    metadata, spec = part(patch, "metadata"), part(patch, "spec")
    return {
        **patch,
        "metadata": {**metadata, "annotations": part(metadata, "annotations") | GONE_NOTES},
        "spec": {**spec, "runPolicy": part(spec, "runPolicy") | {"suspend": False}},
    }


def _resized_config(old: schema.RunConfig, overrides: Sequence[str]) -> schema.RunConfig:
    keys = [configs.parse_override(raw).key for raw in overrides]
    for raw, key in zip(overrides, keys, strict=True):
        if key not in _KEYS:
            raise errors.UsageError(
                f"a resize cannot change `{key}`",
                where=raw,
                hint="it takes `gpus=` and `replicas=`; for anything else start a run of its own",
            )
    new = configs.amend(old, overrides)
    # `2x4` says how many replicas there are, whatever was said before.
    says_replicas = "gpus" in keys and "replicas" not in keys and new.gpus.per_replica > 1
    return dataclasses.replace(new, replicas=None) if says_replicas else new


def _plan_new(job: port.Object, config: schema.RunConfig) -> plan.JobPlan:
    try:
        return _plan(job, config)
    except errors.RefusedError as error:
        if error.where == "train.global_batch_size":
            _refuse_batch(config)
        raise


def _refuse_new_errors(base: port.Object, wanted: port.Object, *, overlay: schema.OverlayConfig) -> None:
    """What the lint finds in the new size alone; a job that was forced goes on with what it has."""
    known = {finding.rule for finding in lint.lint_job(base)}
    found = [finding for finding in lint.lint_job(wanted) if finding.rule not in known]
    lint.refuse_errors(lint.name_keys(found, manifest=wanted, sources={}, overlay=overlay))


def _refuse_batch(config: schema.RunConfig) -> NoReturn:
    """A run keeps its global batch, so the size has to fit the batch."""
    batch = config.train.global_batch_size
    devices = config.gpus.total or config.replicas or 1
    key, kind = ("gpus", "GPUs") if config.gpus.total else ("replicas", "CPU replicas")
    sizes = [n for n in (_divisor(batch, below=devices), _divisor(batch, above=devices)) if n]
    near = tuple(f"{key}={size}" for size in sizes)
    raise errors.RefusedError(
        f"the run's global batch of {batch} examples cannot be divided among {devices} {kind}",
        where=f"{key}={devices}",
        nearest=near,
        hint="sizes nearest to it that can: " + " or ".join(f"`{size}`" for size in near),
    )


def _divisor(number: int, *, below: int = 0, above: int = 0) -> int | None:
    """The largest divisor below a limit, or the smallest above it."""
    sizes = range(min(below, number + 1) - 1, 0, -1) if below else range(above + 1, number + 1)
    return next((size for size in sizes if number % size == 0), None)


def _plan(job: port.Object, config: schema.RunConfig) -> plan.JobPlan:
    metadata = job["metadata"]
    return plan.make_plan(config, name=metadata["name"], suffix="", default_namespace=metadata["namespace"])


def _with_new_roles(
    job: port.Object, base: port.Object, wanted: port.Object
) -> tuple[port.Object, port.Object]:
    """Job and base with the roles that are new: copies of a role that is there, as others changed it."""
    stored, planned = part(job, "spec", "tfReplicaSpecs"), part(base, "spec", "tfReplicaSpecs")
    leader = next(iter(stored), None)
    new = [role for role in part(wanted, "spec", "tfReplicaSpecs") if role not in stored]
    if leader is None or leader not in planned or not new:
        return job, base
    return (
        _with_roles(job, {role: copy.deepcopy(stored[leader]) for role in new}),
        _with_roles(base, dict.fromkeys(new, planned[leader])),
    )


def _with_roles(job: port.Object, roles: port.Object) -> port.Object:
    spec = part(job, "spec")
    return {**job, "spec": {**spec, "tfReplicaSpecs": part(spec, "tfReplicaSpecs") | roles}}
