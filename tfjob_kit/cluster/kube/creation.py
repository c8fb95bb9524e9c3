"""Bringing a TFJob, and what it owns, into the cluster: once, whatever the network does.

A creation whose answer was lost is sent again, and finds its own job by the submission in its annotations. A
job with companions is created suspended, see `rules.companions`: a launcher killed between two calls leaves
one job without pods that owns what there is, and creating it again completes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import TFJOBS, companion_resource
from tfjob_kit.cluster.port import SUBMISSION_ANNOTATION, JobRef, Object

__all__ = ["create", "patch_job", "try_creation"]

_STRICT = {"fieldValidation": "Strict", "fieldManager": "tfjob-kit"}
_TAKEN = 409
_CONFLICTS = 5
_CONFLICT_PAUSE_SECONDS = 0.01


def create(api: Api, job: Object, companions: Sequence[Object]) -> Object:
    """The job as stored, with all its companions.

    Raises:
        JobExists: Another job of that name is there.
        ClusterError: The server does not take it.
    """
    if not companions:
        return _create_job(api, job, wanted=job, companions=())
    incomplete = rules.companions.as_incomplete(job)
    stored = _create_job(api, incomplete, wanted=job, companions=companions)
    if not rules.companions.is_incomplete(stored):
        return stored
    for companion in companions:
        _create_companion(api, rules.companions.own(companion, job=stored), job=stored)
    return patch_job(api, _ref(stored), rules.companions.completion(job))


def try_creation(api: Api, job: Object, companions: Sequence[Object]) -> Object:
    """What the server says to all of it; nothing is stored."""
    stored = _create_job(api, job, wanted=job, companions=companions, dry_run=True)
    for companion in companions:
        owned = {
            **companion,
            "metadata": {**companion["metadata"], "namespace": job["metadata"]["namespace"]},
        }
        _send_companion(api, owned, dry_run=True)
    return stored


def patch_job(api: Api, ref: JobRef, patch: Object) -> Object:
    """Applies the merge patch; one that meets another writer is sent again.

    Raises:
        JobNotFound: No job of that name.
    """
    call = Call(
        verb="patch", resource=TFJOBS, namespace=ref.namespace, name=ref.name, query=_STRICT, body=patch
    )
    for attempt in range(_CONFLICTS):
        try:
            return api.send(call).data
        except Refused as refused:
            if refused.failure.status != _TAKEN or attempt == _CONFLICTS - 1:
                raise refused.error from refused.__cause__
            api.pace.sleep(_CONFLICT_PAUSE_SECONDS)
    raise AssertionError("unreachable")


def _create_job(
    api: Api, body: Object, *, wanted: Object, companions: Sequence[Object], dry_run: bool = False
) -> Object:
    metadata: Object = body["metadata"]
    annotations: Object = metadata.get("annotations") or {}
    submission = annotations.get(SUBMISSION_ANNOTATION)
    call = Call(
        verb="create",
        resource=TFJOBS,
        namespace=metadata["namespace"],
        name=metadata["name"],
        query={**_STRICT, "dryRun": "All"} if dry_run else _STRICT,
        body=body,
        # Without a submission nobody could tell a second job from our own.
        is_repeatable=dry_run or submission is not None,
    )
    try:
        return api.send(call).data
    except Refused as refused:
        if refused.failure.status != _TAKEN:
            raise refused.error from refused.__cause__
        return _taken(api, wanted, companions=companions)


def _taken(api: Api, job: Object, *, companions: Sequence[Object]) -> Object:
    """The job of that name when it is this very submission.

    Raises:
        JobExists: It is another.
    """
    ref = _ref(job)
    existing = _existing(api, ref)
    if existing is not None and rules.companions.is_same_submission(existing, job, companions=companions):
        return existing
    is_ending = existing is not None and "deletionTimestamp" in existing["metadata"]
    raise errors.JobExists(
        f"job `{ref.name}` is being deleted in namespace `{ref.namespace}`"
        if is_ending
        else f"job `{ref.name}` exists already in namespace `{ref.namespace}`",
        existing=existing,
        status=_TAKEN,
        hint="wait until it is gone"
        if is_ending
        else f"choose another --name, or remove it with `tfjob-kit cancel {ref.name}`",
    )


def _existing(api: Api, ref: JobRef) -> Object | None:
    try:
        return api.ask(Call(verb="get", resource=TFJOBS, namespace=ref.namespace, name=ref.name))
    except errors.JobNotFound:
        return None


def _create_companion(api: Api, owned: Object, *, job: Object) -> None:
    """Creates what the job owns; one that is there already must be this job's.

    Raises:
        ClusterError: One of that name belongs to somebody else.
    """
    try:
        _send_companion(api, owned)
    except Refused as refused:
        if refused.failure.status != _TAKEN:
            raise refused.error from refused.__cause__
        meta = owned["metadata"]
        call = Call(
            verb="get",
            resource=companion_resource(owned["apiVersion"], owned["kind"]),
            namespace=meta["namespace"],
            name=meta["name"],
        )
        owners: list[Object] = api.ask(call)["metadata"].get("ownerReferences") or []
        if all(owner.get("uid") != job["metadata"]["uid"] for owner in owners):
            raise errors.ClusterError(
                f"{owned['kind']} `{meta['name']}` is there already and does not belong to "
                f"job `{job['metadata']['name']}`",
                status=_TAKEN,
                where=f"{meta['namespace']}/{meta['name']}",
                hint=f"remove it, or choose another --name; `tfjob-kit cancel {job['metadata']['name']}` "
                "removes the job, which has not started",
            ) from refused


def _send_companion(api: Api, companion: Object, *, dry_run: bool = False) -> None:
    call = Call(
        verb="create",
        resource=companion_resource(companion["apiVersion"], companion["kind"]),
        namespace=companion["metadata"]["namespace"],
        name=companion["metadata"]["name"],
        query={**_STRICT, "dryRun": "All"} if dry_run else _STRICT,
        body=companion,
    )
    try:
        api.send(call)
    except Refused as refused:
        if dry_run and refused.failure.status != _TAKEN:
            raise refused.error from refused.__cause__
        if not dry_run:
            raise


def _ref(job: Object) -> JobRef:
    return JobRef(namespace=job["metadata"]["namespace"], name=job["metadata"]["name"])
