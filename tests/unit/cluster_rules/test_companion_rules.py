"""In which order a job and what it owns are written, and what counts as the same submission."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.port import (
    CODE_HASH_ANNOTATION,
    CONFIG_HASH_LABEL,
    QUEUE_LABEL,
    SUBMISSION_ANNOTATION,
)

COMPANION = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "code"}, "data": {"a": "b"}}


def job(
    *,
    suspend: bool = False,
    queue: str | None = None,
    submission: str = "1",
    code: str = "c",
    config: str = "h",
) -> dict[str, Any]:
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            "name": "job",
            "namespace": "team",
            "uid": "u",
            "labels": {CONFIG_HASH_LABEL: config} | ({QUEUE_LABEL: queue} if queue else {}),
            "annotations": {SUBMISSION_ANNOTATION: submission, CODE_HASH_ANNOTATION: code},
        },
        "spec": {"runPolicy": {"suspend": suspend}},
    }


@pytest.mark.parametrize(
    ("wanted", "first"),
    [(job(), True), (job(suspend=True), True), (job(queue="q"), False), (job(queue="q", suspend=True), True)],
)
def test_the_job_is_created_marked_and_suspended_unless_a_queue_does_that(wanted, first):
    before = copy.deepcopy(wanted)
    made = rules.companions.as_incomplete(wanted)
    assert first is made["spec"]["runPolicy"]["suspend"]
    assert rules.companions.is_incomplete(made)
    assert not rules.companions.is_incomplete(wanted)
    assert before == wanted


@pytest.mark.parametrize("wanted", [job(), job(suspend=True), job(queue="q"), job(queue="q", suspend=True)])
def test_the_last_patch_makes_it_what_was_asked_for(wanted):
    stored = rules.companions.as_incomplete(wanted)
    assert wanted == rules.merge_patch(stored, rules.companions.completion(wanted))


def test_a_queue_that_has_suspended_the_job_keeps_it_so():
    stored = rules.companions.as_incomplete(job(queue="q"))
    stored["spec"]["runPolicy"]["suspend"] = True
    completed = rules.merge_patch(stored, rules.companions.completion(job(queue="q")))
    assert completed["spec"]["runPolicy"]["suspend"] is True


def test_a_companion_is_owned_by_the_stored_job():
    owned = rules.companions.own(COMPANION, job=job())
    assert "team" == owned["metadata"]["namespace"]
    (owner,) = owned["metadata"]["ownerReferences"]
    assert ("kubeflow.org/v1", "TFJob", "job", "u") == tuple(
        owner[key] for key in ("apiVersion", "kind", "name", "uid")
    )
    assert {"name": "code"} == COMPANION["metadata"]


@pytest.mark.parametrize(
    ("stored", "given", "companions", "expected"),
    [
        (job(), job(), (), True),
        (job(), job(submission="2"), (), False),
        (job(), job(submission="2"), (COMPANION,), False),
        (rules.companions.as_incomplete(job()), job(submission="2"), (COMPANION,), True),
        (rules.companions.as_incomplete(job()), job(submission="2"), (), False),
        (rules.companions.as_incomplete(job()), job(submission="2", code="d"), (COMPANION,), False),
        (rules.companions.as_incomplete(job()), job(submission="2", config="i"), (COMPANION,), False),
    ],
)
def test_the_same_submission_or_one_that_was_cut_off(stored, given, companions, expected):
    assert expected is rules.companions.is_same_submission(stored, given, companions=companions)


def test_a_job_without_marks_is_nobodys():
    bare = {"metadata": {"name": "job"}, "spec": {}}
    assert not rules.companions.is_same_submission(bare, bare)
    assert not rules.companions.is_same_submission(bare, bare, companions=(COMPANION,))
