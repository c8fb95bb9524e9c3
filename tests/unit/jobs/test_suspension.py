"""`suspend` and `resume` on the engine in memory, and where a job's output is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tfjob_kit import contract, errors
from tfjob_kit.cluster import port
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import Change, JobRef, PodRef
from tfjob_kit.jobs.output import find_output
from tfjob_kit.jobs.pods_gone import longest_grace, wait_until_ended
from tfjob_kit.jobs.suspension import (
    is_asked_to_suspend,
    resume_job,
    saved_step,
    suspend_job,
    wait_for_rest,
)

from .planned import planned_job

REF = JobRef(namespace="default", name="train")
CHIEF = PodRef(job=REF, role="chief", index=0)
NEVER = threading.Event()


def made(*overrides: str) -> FakeCluster:
    cluster = FakeCluster()
    cluster.create(planned_job("gpus=2", *overrides))
    return cluster


def stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


class Ending(FakeCluster):
    """A cluster whose pods say their last words, seen by the watch alone, before they are gone."""

    def watch(self, **options: Any) -> Any:
        pods = self._ended
        for change in super().watch(**options):
            if change.type == "BOOKMARK":
                yield from (Change(type="ADDED", kind="Pod", object=pod) for pod in pods)
                yield from (Change(type="DELETED", kind="Pod", object=pod) for pod in pods)
            yield change

    def __init__(self) -> None:
        super().__init__()
        self._ended: list[Any] = []

    def end(self, **words: Any) -> None:
        """The pods that are there end by SIGTERM when the job is suspended."""
        text = contract.Termination(exit_code=143, **words).to_json()
        for pod in self.pods(REF):
            terminated = {"exitCode": 143, "message": text}
            status = {
                "phase": "Failed",
                "containerStatuses": [{"name": "tensorflow", "state": {"terminated": terminated}}],
            }
            self._ended.append({**pod, "status": status})


def test_suspending_twice_asks_once() -> None:
    cluster = made()
    assert suspend_job(cluster, REF)
    assert not suspend_job(cluster, REF)
    assert is_asked_to_suspend(cluster.get(REF))
    assert wait_for_rest(cluster, REF, stop=NEVER) is not None
    assert [] == cluster.pods(REF)


def test_a_job_at_rest_is_not_waited_for() -> None:
    cluster = made()
    suspend_job(cluster, REF)
    asked: list[bool] = []
    words = wait_for_rest(cluster, REF, stop=NEVER, begin=lambda: asked.append(suspend_job(cluster, REF)))
    assert words is not None
    assert [False] == asked


def test_resuming_twice_resumes_once() -> None:
    cluster = made()
    suspend_job(cluster, REF)
    assert resume_job(cluster, REF, stop=NEVER)
    assert resume_job(cluster, REF, stop=NEVER) is False
    assert 2 == len(cluster.pods(REF))


def test_a_wait_that_ends_early_leaves_the_job_suspended() -> None:
    cluster = made()
    suspend_job(cluster, REF)
    cluster.fail_next("watch", errors.ClusterError("the server is gone"))
    with pytest.raises(errors.ClusterError, match="gone"):
        resume_job(cluster, REF, stop=NEVER)
    assert is_asked_to_suspend(cluster.get(REF))


def test_the_step_that_the_chief_saved_is_kept_until_the_job_is_resumed() -> None:
    cluster = Ending()
    cluster.create(planned_job("gpus=2"))
    cluster.end(status="stopped", step=340)
    suspend_job(cluster, REF)
    words = wait_for_rest(cluster, REF, stop=NEVER)
    assert words is not None
    assert 340 == words.saved_step
    assert 340 == saved_step(cluster.get(REF))
    resume_job(cluster, REF, stop=NEVER)
    assert saved_step(cluster.get(REF)) is None


def test_a_chief_that_failed_saved_nothing() -> None:
    cluster = Ending()
    cluster.create(planned_job("gpus=2"))
    cluster.end(status="failed", step=340)
    suspend_job(cluster, REF)
    words = wait_for_rest(cluster, REF, stop=NEVER)
    assert words is not None
    assert words.saved_step is None


def test_a_job_deleted_or_resumed_meanwhile_is_not_waited_for() -> None:
    cluster = FakeCluster(start_pods=False)
    cluster.create(planned_job("gpus=2"))
    with pytest.raises(errors.JobCancelled, match="train was resumed meanwhile"):
        wait_for_rest(cluster, REF, stop=NEVER)


@pytest.mark.parametrize("verb", [suspend_job, lambda cluster, ref: resume_job(cluster, ref, stop=NEVER)])
def test_a_queue_owns_suspension(verb: Any) -> None:
    with pytest.raises(errors.RefusedError, match="the queue team-a decides when train runs"):
        verb(made("job.queue=team-a"), REF)


def test_a_finished_job_cannot_be_suspended() -> None:
    cluster = made()
    cluster.exit(CHIEF, 1)
    with pytest.raises(errors.RefusedError, match="train has Failed") as caught:
        suspend_job(cluster, REF)
    assert "tfjob-kit retry train" in (caught.value.hint or "")


def test_the_pods_of_a_failed_job_are_waited_for() -> None:
    cluster = made("job.clean_pod_policy=None")
    cluster.exit(CHIEF, 1)
    assert not wait_until_ended(cluster, REF, stop=stopped())
    worker = PodRef(job=REF, role="worker", index=0)
    ending = threading.Timer(0.05, cluster.exit, args=(worker, 0))
    ending.start()
    assert wait_until_ended(cluster, REF, stop=NEVER)
    ending.join()


def test_the_longest_grace_period_counts() -> None:
    job = planned_job("gpus=2", "job.grace_period=90")
    assert 90 == longest_grace(job)
    del job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]["terminationGracePeriodSeconds"]
    del job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert 30 == longest_grace(job)


@pytest.mark.parametrize(
    ("overrides", "keeps_scratch", "survives", "text"),
    [
        ([], False, False, "its output is in no claim and ends with its pods"),
        ([], True, True, "its output is kept with the job"),
        (["output.claim=data"], False, True, "its output is in the claim data"),
        (
            ["+volumes.disk={mount_path: /output, host_path: /srv/out}"],
            False,
            True,
            "its output is in /srv/out of the chief's node",
        ),
        (
            ["+volumes.disk={mount_path: /output, nfs: 'nas:/runs'}"],
            False,
            True,
            "its output is in the NFS export nas:/runs",
        ),
    ],
)
def test_where_the_output_is(overrides: list[str], keeps_scratch: bool, survives: bool, text: str) -> None:
    found = find_output(planned_job(*overrides), keeps_scratch=keeps_scratch)
    assert (survives, text) == (found.survives, found.text)


def test_nothing_is_known_of_the_output_of_a_foreign_job() -> None:
    job: port.Object = {"metadata": {"name": "x"}, "spec": {"tfReplicaSpecs": {}}}
    assert find_output(job, keeps_scratch=False).survives is None
