"""Bringing a TFJob, and what it owns, into the cluster: once, whatever the network does.

A creation whose answer was lost is sent again, and finds its own job by the submission in its annotations. A
job with companions is created suspended, see `rules.companions`: a launcher killed between two calls leaves
one job without pods that owns what there is, and creating it again completes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfjob_kit import errors
from tfjob_kit.cluster import rules
from tfjob_kit.cluster.kube.calls import retries
from tfjob_kit.cluster.kube.calls.api import Api, Refused
from tfjob_kit.cluster.kube.calls.call import Call
from tfjob_kit.cluster.kube.calls.resources import TFJOBS, companion_resource
from tfjob_kit.cluster.port import SUBMISSION_ANNOTATION, JobRef, Object

__all__ = ["create", "patch_job", "put_companion", "try_creation"]

_STRICT = {"fieldValidation": "Strict", "fieldManager": "tfjob-kit"}
_TAKEN = 409
_GONE = 404
_CONFLICTS = 5
_CONFLICT_PAUSE_SECONDS = 0.01
_REMOVAL_SECONDS, _REMOVAL_PAUSE_SECONDS = 30.0, 0.25


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
    try:
        for companion in companions:
            _create_companion(api, rules.companions.own(companion, job=stored), job=stored)
        return patch_job(api, _ref(stored), rules.companions.completion(job))
    except errors.ClusterError as error:
        error.hint = _joined(
            error.hint,
            f"job `{_ref(stored).name}` is there and has not started: the same submission again completes "
            f"it, `tfjob-kit cancel {_ref(stored).name}` removes it",
        )
        raise


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


def put_companion(api: Api, job: Object, companion: Object) -> None:
    """Creates something that the stored job owns, or patches what it owns already.

    Raises:
        ClusterError: One of that name belongs to somebody else.
    """
    owned = rules.companions.own(companion, job=job)
    _create_companion(api, owned, job=job)
    call = Call(
        verb="patch",
        resource=companion_resource(owned["apiVersion"], owned["kind"]),
        namespace=owned["metadata"]["namespace"],
        name=owned["metadata"]["name"],
        query=_STRICT,
        body=owned,
    )
    api.ask(call)


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
            raise _not_created(refused, call) from refused.__cause__
        return _taken(api, wanted, companions=companions)


def _not_created(refused: Refused, call: Call) -> errors.ClusterError:
    """The error of a creation that failed, honest about a job that may be there all the same."""
    doubtful = refused.was_doubtful or retries.is_ambiguous(refused.failure)
    if doubtful and "dryRun" not in call.query:
        refused.error.hint = _joined(
            refused.error.hint,
            f"the job may have been created all the same: `tfjob-kit status {call.name}`",
        )
    return refused.error


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

    One of a former job of that name is waited for: the cluster removes it soon after its owner.

    Raises:
        ClusterError: One of that name belongs to somebody else.
    """
    deadline = api.pace.now() + _REMOVAL_SECONDS
    while True:
        try:
            _send_companion(api, owned)
            return
        except Refused as refused:
            if refused.failure.status != _TAKEN:
                raise refused.error from refused.__cause__
            owners = _owners(api, owned)
            if any(owner.get("uid") == job["metadata"]["uid"] for owner in owners):
                return
            is_former = any(owner.get("name") == job["metadata"]["name"] for owner in owners)
            if owners is not _NOT_THERE and (not is_former or api.pace.now() > deadline):
                raise _foreign(owned, job) from refused
        api.pace.sleep(_REMOVAL_PAUSE_SECONDS)


_NOT_THERE: list[Object] = []


def _owners(api: Api, companion: Object) -> list[Object]:
    """Who owns the object that has the companion's name; `_NOT_THERE` when it is gone by now."""
    call = Call(
        verb="get",
        resource=companion_resource(companion["apiVersion"], companion["kind"]),
        namespace=companion["metadata"]["namespace"],
        name=companion["metadata"]["name"],
    )
    try:
        return list(api.ask(call)["metadata"].get("ownerReferences") or [])
    except errors.ClusterError as error:
        if error.status != _GONE:
            raise
        return _NOT_THERE


def _foreign(companion: Object, job: Object) -> errors.ClusterError:
    name, job_name = companion["metadata"]["name"], job["metadata"]["name"]
    return errors.ClusterError(
        f"{companion['kind']} `{name}` is there already and does not belong to job `{job_name}`",
        status=_TAKEN,
        where=f"{companion['metadata']['namespace']}/{name}",
        hint=f"remove it, or choose another --name; `tfjob-kit cancel {job_name}` removes the job, which has "
        "not started",
    )


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


def _joined(hint: str | None, further: str) -> str:
    return f"{hint}\n{further}" if hint else further
