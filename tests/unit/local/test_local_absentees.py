"""What a job does without on one machine, and what it cannot do without."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from tfjob_kit import errors, manifest, plan
from tfjob_kit.cluster.local import admission
from tfjob_kit.config import compose
from tfjob_kit.jobs.events import Notice
from tfjob_kit.jobs.news import News
from tfjob_kit.jobs.view import EventView, build_view

MACHINE = admission.Machine(find_gpus=list, has_tensorflow=lambda: False)


def admit(folder: Path, *overrides: str) -> Mapping[str, str]:
    """What is said about the job of these overrides, what every job is told left out."""
    own = ["command=[python, train.py]", "gpus=0", "replicas=2"]
    config = compose([*own, *overrides], cwd=folder).config
    job = manifest.build_tfjob(plan.make_plan(config, name="job", suffix=""))
    said = admission.admit(job, machine=MACHINE, environ={}).notices
    return {reason: text for reason, text in said.items() if reason != "MountsAreDirectories"}


@pytest.mark.parametrize(
    ("overrides", "reason", "text"),
    [
        (
            ["+sidecars.log={image: fluent-bit}", "+sidecars.sync={image: rclone}"],
            "NoSidecars",
            "no containers on this machine: the sidecars `log`, `sync` are not started",
        ),
        (["job.queue=team-a"], "NoQueue", "no queues on this machine: the job does not wait in `team-a`"),
        (
            ["job.gang.enabled=true"],
            "NoGang",
            "no gang scheduler on this machine: all replicas start at once in any case",
        ),
        (
            ["resources.roles.worker.memory=1Gi", "resources.shared_memory='0'"],
            "SizesOfRoles",
            "sizes of roles are not enforced on this machine: replicas share what there is",
        ),
    ],
)
def test_what_a_job_does_without_is_said(
    overrides: list[str], reason: str, text: str, tmp_path: Path
) -> None:
    assert {reason: text} == admit(tmp_path, *overrides)


@pytest.mark.parametrize(
    "overrides", [[], ["job.evaluator=true"], ["job.managed_by=kubeflow.org/training-operator"]]
)
def test_of_what_works_here_nothing_is_said(overrides: list[str], tmp_path: Path) -> None:
    assert {} == admit(tmp_path, *overrides)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["job.queue=a", "job.managed_by=kueue.x-k8s.io/multikueue"], "no such controller"),
        (
            ["overlay.all={spec: {initContainers: [{name: get, image: i}]}}"],
            "container `get` cannot run here",
        ),
        (["overlay.all={spec: {containers: [{name: log, image: i}]}}"], "container `log` cannot run here"),
    ],
)
def test_what_it_cannot_do_without_is_refused(overrides: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(errors.RefusedError, match=words):
        admit(tmp_path, *overrides)


def test_all_of_it_is_told_to_who_follows_the_job(tmp_path: Path) -> None:
    said = admit(
        tmp_path,
        "+sidecars.log={image: fluent-bit}",
        "job.queue=team-a",
        "job.gang.enabled=true",
        "resources.roles.worker.memory=1Gi",
        "placement.spread_by=node",
        "+volumes.fast={mount_path: /f, empty_dir: true, in_memory: true, size_limit: 1Gi}",
        "+volumes.d={mount_path: /d, claim: data, read_only: true}",
        "+resources.extra.example\\.com/fpga=1",
    )
    events = tuple(
        EventView(time="", type="Normal", reason=reason, message=text, about="job")
        for reason, text in said.items()
    )
    config = compose(["command=[python, train.py]", "gpus=0"], cwd=tmp_path).config
    job = manifest.build_tfjob(plan.make_plan(config, name="job", suffix=""))
    view = dataclasses.replace(build_view(job), events=events)
    news = News(clock=lambda: 0.0, settle_seconds=1.0, silence_seconds=20.0, taker="nobody")
    assert list(said.values()) == [e.text for e in news.of(view, reading=()) if isinstance(e, Notice)]
