"""What a job does without on one machine, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tfjob_kit import errors, manifest, plan
from tfjob_kit.cluster.local import admission
from tfjob_kit.config import compose

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
            ["+resources.roles.worker.memory=1Gi", "resources.shared_memory='0'"],
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
