"""What a test can do with the fake beyond the port: play containers, nodes, clocks and broken connections."""

from __future__ import annotations

import pytest

from tfjob_kit import errors, manifest, plan
from tfjob_kit.cluster.fake import FakeCluster, ManualClock
from tfjob_kit.cluster.port import JobRef, PodRef
from tfjob_kit.config import schema

REF = JobRef(namespace="default", name="job")
CHIEF = PodRef(job=REF, role="chief", index=0)
WORKER = PodRef(job=REF, role="worker", index=0)


@pytest.fixture
def job():
    def make(**parts):
        config = schema.RunConfig(gpus=schema.Size(replicas=2, per_replica=1), job=schema.JobConfig(**parts))
        return manifest.build_tfjob(plan.make_plan(config, name="job", suffix="", config_yaml=""))

    return make


def _state(cluster):
    return next(
        c["type"] for c in reversed(cluster.get(REF)["status"]["conditions"]) if c["status"] == "True"
    )


def test_pods_can_be_held_and_started_by_hand(job):
    cluster = FakeCluster(start_pods=False)
    cluster.create(job())
    assert [pod["status"]["phase"] for pod in cluster.pods(REF)] == ["Pending", "Pending"]
    assert _state(cluster) == "Created"
    cluster.hold(WORKER, message="0/3 nodes are available: 3 Insufficient nvidia.com/gpu")
    assert cluster.pods(REF)[1]["status"]["conditions"][0]["reason"] == "Unschedulable"
    cluster.start(CHIEF)
    assert _state(cluster) == "Running"
    with pytest.raises(errors.ClusterError, match="has not started"):
        list(cluster.logs(WORKER))
    cluster.start(WORKER)
    assert cluster.get(REF)["status"]["replicaStatuses"] == {"Chief": {"active": 1}, "Worker": {"active": 1}}


def test_an_evicted_pod_is_made_anew(job):
    cluster = FakeCluster()
    cluster.create(job())
    before = cluster.pods(REF)[1]["metadata"]["uid"]
    cluster.evict(WORKER)
    assert cluster.pods(REF)[1]["metadata"]["uid"] != before
    assert _state(cluster) == "Running"


def test_a_drained_pod_fails_the_job(job):
    cluster = FakeCluster()
    cluster.create(job())
    cluster.delete_pod(WORKER)
    assert _state(cluster) == "Failed"
    assert "ExitedWithCode" not in {event["reason"] for event in cluster.events(REF)}


def test_a_deadline_and_the_time_to_live_come_with_the_clock(job):
    clock = ManualClock()
    cluster = FakeCluster(clock=clock)
    cluster.create(job(deadline=60, ttl=100))
    clock.advance(59)
    assert _state(cluster) == "Running"
    clock.advance(1)
    assert _state(cluster) == "Failed"
    assert cluster.pods(REF) == []
    clock.advance(100)
    with pytest.raises(errors.JobNotFound):
        cluster.get(REF)


def test_the_next_calls_fail_as_told(job):
    cluster = FakeCluster()
    cluster.create(job())
    cluster.fail_next("get", errors.NotConnected("the connection was reset", retryable=True))
    with pytest.raises(errors.NotConnected):
        cluster.get(REF)
    assert cluster.get(REF)["metadata"]["name"] == "job"


def test_what_was_returned_can_be_changed_without_harm(job):
    cluster = FakeCluster()
    cluster.create(job())
    cluster.get(REF)["spec"].clear()
    cluster.pods(REF)[0]["status"].clear()
    cluster.events(REF)[0].clear()
    assert cluster.get(REF)["spec"]["runPolicy"]
    assert cluster.pods(REF)[0]["status"]["phase"] == "Running"
    assert cluster.events(REF)[0]["reason"]


@pytest.mark.parametrize("control", ["start", "evict", "delete_pod", "hold"])
def test_a_pod_that_is_not_there_is_named(control):
    with pytest.raises(errors.ClusterError, match="job-worker-0"):
        getattr(FakeCluster(), control)(WORKER)


def test_a_container_that_has_ended_neither_writes_nor_ends_again(job):
    cluster = FakeCluster()
    cluster.create(job(clean_pod_policy=schema.CleanPodPolicy.None_))
    cluster.exit(CHIEF, 0)
    for call in (lambda: cluster.write_log(CHIEF, "x"), lambda: cluster.exit(CHIEF, 0)):
        with pytest.raises(errors.ClusterError, match="does not run"):
            call()


def test_names_near_a_missing_job_are_told(job):
    cluster = FakeCluster()
    cluster.create(job())
    with pytest.raises(errors.JobNotFound) as caught:
        cluster.get(JobRef(namespace="default", name="jbo"))
    assert caught.value.nearest == ("job",)


def test_an_identity_cannot_be_patched(job):
    cluster = FakeCluster()
    cluster.create(job())
    with pytest.raises(errors.ClusterError, match=r"metadata\.uid"):
        cluster.patch(REF, {"metadata": {"uid": "other"}})
    cluster.patch(REF, {"status": {"conditions": []}})
    assert _state(cluster) == "Running"


def test_nothing_of_the_fake_lies_anywhere():
    assert FakeCluster().places(REF) == {}


def test_a_job_without_a_run_policy_is_stored_as_it_was_sent(job):
    cluster, sent = FakeCluster(), job()
    del sent["spec"]["runPolicy"]
    assert "runPolicy" not in cluster.create(sent)["spec"]


def test_a_tick_looks_at_the_clock(job):
    clock = ManualClock()
    cluster = FakeCluster(clock=clock)
    cluster.create(job(deadline=60))
    clock.advance(60)
    cluster.tick()
    assert _state(cluster) == "Failed"


def test_with_pods_started_by_hand_a_restart_in_place_waits(job):
    cluster = FakeCluster(start_pods=False)
    cluster.create(job(restart_policy=schema.RestartPolicy.OnFailure))
    cluster.start(CHIEF)
    cluster.exit(CHIEF, 1)
    state = cluster.pods(REF)[0]["status"]["containerStatuses"][0]["state"]
    assert state == {"waiting": {"reason": "CrashLoopBackOff"}}
    cluster.start(CHIEF)
    assert cluster.pods(REF)[0]["status"]["containerStatuses"][0]["restartCount"] == 1
