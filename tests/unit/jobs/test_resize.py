"""`resize`: what is decided about it, and its steps on the engine in memory."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tfjob_kit import contract, errors
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import JobRef
from tfjob_kit.cluster.rules import merge_patch
from tfjob_kit.jobs import suspension
from tfjob_kit.jobs.job_config import read_config
from tfjob_kit.jobs.resize import check_resize, plan_resize, resize_job
from tfjob_kit.jobs.suspension import RESIZING_ANNOTATION

from .planned import planned_companions, planned_job

REF = JobRef(namespace="default", name="train")
NEVER = threading.Event()


def stored(*overrides: str, **parts: Any) -> dict[str, Any]:
    cluster = FakeCluster()
    return cluster.create(planned_job(*overrides, **parts))


def interrupted(*size: str) -> FakeCluster:
    """A cluster whose server went away when the pods had ended."""
    cluster = FakeCluster()
    cluster.create(planned_job("gpus=4"))
    resize = plan_resize(cluster.get(REF), size)
    cluster.fail_next("pods", errors.ClusterError("the server is gone"))
    with pytest.raises(errors.ClusterError, match="gone"):
        resize_job(cluster, REF, resize, stop=NEVER)
    return cluster


def roles(job: dict[str, Any]) -> dict[str, int]:
    return {name: role["replicas"] for name, role in job["spec"]["tfReplicaSpecs"].items()}


def container(job: dict[str, Any], role: str = "Chief") -> dict[str, Any]:
    return job["spec"]["tfReplicaSpecs"][role]["template"]["spec"]["containers"][0]


def env(job: dict[str, Any], role: str = "Chief") -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(job, role)["env"]}


@pytest.mark.parametrize(
    ("before", "size", "expected", "gpus_each"),
    [
        (["gpus=4"], ["gpus=2"], {"Chief": 1, "Worker": 1}, "1"),
        (["gpus=4"], ["gpus=1"], {"Chief": 1}, "1"),
        (["gpus=1"], ["gpus=4"], {"Chief": 1, "Worker": 3}, "1"),
        (["gpus=4"], ["gpus=2x2"], {"Chief": 1, "Worker": 1}, "2"),
        (["gpus=4", "replicas=2"], ["gpus=2"], {"Chief": 1, "Worker": 1}, "1"),
        (["gpus=4", "replicas=2"], ["gpus=4x2"], {"Chief": 1, "Worker": 3}, "2"),
        (["gpus=4"], ["replicas=2"], {"Chief": 1, "Worker": 1}, "2"),
        (["gpus=0", "replicas=2"], ["replicas=4"], {"Chief": 1, "Worker": 3}, None),
        (["gpus=0", "replicas=2"], ["replicas=1"], {"Chief": 1}, None),
    ],
)
def test_a_resize_changes_replicas_and_gpus(
    before: list[str], size: list[str], expected: dict[str, int], gpus_each: str | None
) -> None:
    job = stored(*before)
    resize = plan_resize(job, size)
    assert expected == roles(resize.job)
    for role in expected:
        assert gpus_each == container(resize.job, role)["resources"]["limits"].get("nvidia.com/gpu")
        assert gpus_each == container(resize.job, role)["resources"]["requests"].get("nvidia.com/gpu")
    assert resize.job == merge_patch(job, resize.patch)


def test_a_resized_job_is_the_one_that_a_run_of_that_size_would_be() -> None:
    job = stored("gpus=4")
    wanted = planned_job("gpus=2")
    resized = plan_resize(job, ["gpus=2"]).job
    assert wanted["spec"] == resized["spec"]
    assert wanted["metadata"].items() <= resized["metadata"].items()


@pytest.mark.parametrize(
    ("before", "size"),
    [
        (["gpus=4", "job.gang.enabled=true"], "gpus=2"),
        (["gpus=1", "overlay.worker={spec: {nodeSelector: {pool: w}, hostname: w}}"], "gpus=4"),
        (["gpus=4", "overlay.all={spec: {tolerations: [{operator: Exists}]}}"], "gpus=1"),
        (["gpus=1", "resources.roles.worker={memory: 32Gi, shared_memory: '0'}"], "gpus=2"),
        (["gpus=2", "resources.roles.worker={memory: 32Gi}", "+sidecars.log={image: 'l:1'}"], "gpus=2x2"),
        (["gpus=2", "command=[train]", "job.evaluator=true", "job.evaluator_gpus=1"], "gpus=4"),
        (["gpus=2", "command=[train]", "job.evaluator=true"], "gpus=1"),
    ],
)
def test_roles_gangs_and_overlays_follow_the_size(before: list[str], size: str) -> None:
    resized = plan_resize(stored(*before), [size]).job
    planned = planned_job(*before, size)
    assert planned["spec"] == resized["spec"]


def test_a_gang_that_must_start_with_more_than_the_new_size_is_refused() -> None:
    job = stored("gpus=4", "job.gang.enabled=true", "job.gang.min_available=4")
    with pytest.raises(errors.RefusedError, match="4 replicas shall start together and the job has 2"):
        plan_resize(job, ["gpus=2"])


def test_all_roles_get_the_same_new_identity() -> None:
    resized = plan_resize(stored("gpus=1"), ["gpus=4"]).job
    assert env(resized) == env(resized, "Worker")
    assert 4 == read_config(resized).gpus.total
    assert resized["metadata"]["labels"]["tfjob-kit/config-hash"][:8] in env(resized)[contract.RUN_ID_ENV]


def test_what_others_wrote_into_the_job_stays() -> None:
    job = stored("gpus=1")
    chief = job["spec"]["tfReplicaSpecs"]["Chief"]["template"]
    chief["spec"]["hostNetwork"] = True
    chief["metadata"]["annotations"]["theirs"] = "yes"
    container(job)["env"].append({"name": "THEIRS", "value": "1"})
    resized = plan_resize(job, ["gpus=2"]).job
    for role in ("Chief", "Worker"):
        template = resized["spec"]["tfReplicaSpecs"][role]["template"]
        assert template["spec"]["hostNetwork"] is True
        assert "yes" == template["metadata"]["annotations"]["theirs"]
        assert "1" == env(resized, role)["THEIRS"]


def test_the_same_size_changes_nothing() -> None:
    assert {} == plan_resize(stored("gpus=4"), ["gpus=4"]).patch


@pytest.mark.parametrize(
    ("before", "size", "message", "nearest"),
    [
        (["gpus=4"], ["gpus=3"], "batch of 64 examples cannot be divided among 3 GPUs", ("gpus=2", "gpus=4")),
        (["gpus=4"], ["gpus=100"], "cannot be divided among 100 GPUs", ("gpus=64",)),
        (
            ["gpus=0", "replicas=2"],
            ["replicas=5"],
            "cannot be divided among 5 CPU replicas",
            ("replicas=4", "replicas=8"),
        ),
        (["gpus=4"], ["gpus=4", "replicas=3"], "3 replicas cannot share 4 GPUs evenly", ("gpus=3", "gpus=6")),
    ],
)
def test_a_size_that_cannot_be_is_refused_with_the_nearest_that_can(
    before: list[str], size: list[str], message: str, nearest: tuple[str, ...]
) -> None:
    with pytest.raises(errors.RefusedError) as caught:
        plan_resize(stored(*before), size)
    assert message in caught.value.message
    assert nearest == caught.value.nearest


def test_a_resize_takes_sizes_alone() -> None:
    with pytest.raises(errors.UsageError, match=r"a resize cannot change `train\.steps`"):
        plan_resize(stored("gpus=4"), ["train.steps=7"])


def test_a_name_that_is_too_long_for_more_workers_is_refused() -> None:
    job = stored("gpus=2", "train.global_batch_size=64", name="a" * 54)
    with pytest.raises(errors.InvalidValue, match="characters"):
        plan_resize(job, ["gpus=32"])


def test_a_job_without_a_config_is_refused() -> None:
    job = stored("gpus=2")
    container(job)["env"] = []
    with pytest.raises(errors.RefusedError, match="carries no config of tfjob-kit"):
        plan_resize(job, ["gpus=1"])


def test_a_resize_ends_with_the_job_running_in_its_new_size() -> None:
    cluster = FakeCluster()
    cluster.create(planned_job("gpus=4"))
    resize = plan_resize(cluster.get(REF), ["gpus=2"])
    check_resize(cluster, resize)
    assert resize_job(cluster, REF, resize, stop=NEVER) == 0
    job = cluster.get(REF)
    assert {"Chief": 1, "Worker": 1} == roles(job)
    assert not suspension.is_asked_to_suspend(job)
    assert RESIZING_ANNOTATION not in job["metadata"]["annotations"]
    assert ["chief-0", "worker-0"] == [
        pod["metadata"]["name"].removeprefix("train-") for pod in cluster.pods(REF)
    ]


def test_the_protection_from_drains_grows_with_the_job() -> None:
    cluster = FakeCluster()
    config = ["gpus=2", "job.protect_from_drain=true"]
    cluster.create(planned_job(*config), companions=planned_companions(*config))
    resize_job(cluster, REF, plan_resize(cluster.get(REF), ["gpus=4"]), stop=NEVER)
    (budget,) = cluster.companions(REF)
    assert 4 == budget["spec"]["minAvailable"]


def test_a_job_that_the_user_suspended_stays_so() -> None:
    cluster = FakeCluster()
    cluster.create(planned_job("gpus=4"))
    suspension.suspend_job(cluster, REF)
    resize = plan_resize(cluster.get(REF), ["gpus=2"])
    assert resize.stays_suspended
    resize_job(cluster, REF, resize, stop=NEVER)
    assert suspension.is_asked_to_suspend(cluster.get(REF))
    assert {"Chief": 1, "Worker": 1} == roles(cluster.get(REF))
    assert [] == cluster.pods(REF)


def test_an_interrupted_resize_is_finished_by_the_same_one() -> None:
    cluster = interrupted("gpus=2")
    halfway = cluster.get(REF)
    assert suspension.is_asked_to_suspend(halfway)
    assert {"Chief": 1, "Worker": 3} == roles(halfway)
    again = plan_resize(halfway, ["gpus=2"])
    assert again.is_begun
    resize_job(cluster, REF, again, stop=NEVER)
    assert {"Chief": 1, "Worker": 1} == roles(cluster.get(REF))
    assert 2 == len(cluster.pods(REF))


def test_an_interrupted_resize_can_be_given_up_by_resuming() -> None:
    cluster = interrupted("gpus=2")
    assert suspension.resume_job(cluster, REF, stop=NEVER)
    job = cluster.get(REF)
    assert {"Chief": 1, "Worker": 3} == roles(job)
    assert RESIZING_ANNOTATION not in job["metadata"]["annotations"]


def test_the_engine_refuses_before_anything_is_touched() -> None:
    cluster = FakeCluster()
    cluster.create(planned_job("gpus=4"))
    resize = plan_resize(cluster.get(REF), ["gpus=2"])
    cluster.fail_next("create", errors.RefusedError("2 GPUs are too many here"))
    with pytest.raises(errors.RefusedError, match="too many here"):
        check_resize(cluster, resize)
    assert 4 == len(cluster.pods(REF))


def test_a_size_with_which_the_lint_has_a_new_error_is_refused_in_words_of_the_config() -> None:
    job = stored("gpus=1", "+overlay.all.spec.dnsPolicy=Default")
    with pytest.raises(errors.RefusedError, match="names of peers do not resolve") as caught:
        plan_resize(job, ["gpus=2"])
    assert "overlay.all.spec.dnsPolicy" == caught.value.where


def test_a_job_that_was_forced_keeps_its_error_through_a_resize() -> None:
    job = stored("gpus=2", "job.restart_policy=Always")
    assert {"Chief": 1, "Worker": 3} == roles(plan_resize(job, ["gpus=4"]).job)
