"""Every engine: what becomes of a job when its replicas end, as the operator has it."""

from __future__ import annotations

import itertools

from tfjob_kit.cluster.port import JobRef

REF = JobRef(namespace="default", name="job")


def _conditions(job):
    return {c["type"]: c["status"] for c in job["status"]["conditions"]}


def _uids(pods):
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods}


def _container(pod):
    return pod["status"]["containerStatuses"][0]


def test_a_job_runs_once_its_chief_runs(submit, condition):
    submit()
    job = condition(REF, "Running")
    assert _conditions(job) == {"Created": "True", "Running": "True"}
    assert job["status"]["startTime"]


def test_replicas_are_counted(submit, condition, cluster, until):
    submit(worker=2)
    condition(REF, "Running")
    counts = until(
        lambda: cluster.get(REF)["status"]["replicaStatuses"], lambda c: c["Worker"].get("active") == 2
    )
    assert counts == {"Chief": {"active": 1}, "Worker": {"active": 2}}


def test_a_job_succeeds_with_its_chief_while_workers_run(driver, submit, condition, cluster, chief):
    submit(worker=2)
    driver.exit(chief, 0)
    job = condition(REF, "Succeeded")
    assert _conditions(job) == {"Created": "True", "Running": "False", "Succeeded": "True"}
    assert job["status"]["completionTime"]
    assert len(cluster.pods(REF)) == 3


def test_a_single_chief_succeeds(driver, submit, condition, chief):
    submit(worker=0)
    driver.exit(chief, 0)
    condition(REF, "Succeeded")


def test_without_a_chief_worker_0_decides(driver, submit, condition, worker):
    submit(chief=0, worker=2)
    condition(REF, "Running")
    driver.exit(worker, 0)
    condition(REF, "Succeeded")


def test_how_a_container_ended_can_be_read(driver, submit, condition, cluster, until, chief):
    submit(worker=0)
    driver.exit(chief, 3, "the GPU check failed")
    condition(REF, "Failed")
    ended = _container(cluster.pods(REF)[0])["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (3, "Error", "the GPU check failed")
    assert ended["startedAt"].endswith("Z")
    assert ended["finishedAt"] >= ended["startedAt"]
    assert cluster.pods(REF)[0]["status"]["phase"] == "Failed"


def test_never_fails_the_job_with_the_first_replica(driver, submit, condition, cluster, worker):
    submit(restart_policy="Never")
    driver.exit(worker, 143)
    job = condition(REF, "Failed")
    assert _conditions(job)["Running"] == "False"
    assert job["status"]["conditions"][-1]["reason"] == "TFJobFailed"
    assert [pod["status"]["phase"] for pod in cluster.pods(REF)] == ["Running", "Failed"]


def test_exit_code_fails_the_job_below_128(driver, submit, condition, cluster, worker):
    submit(restart_policy="ExitCode")
    before = _uids(cluster.pods(REF))
    driver.exit(worker, 1)
    condition(REF, "Failed")
    assert _uids(cluster.pods(REF)) == before


def test_exit_code_makes_the_pod_anew_from_128_on(driver, submit, condition, cluster, until, running, worker):
    submit(restart_policy="ExitCode")
    before = _uids(cluster.pods(REF))
    driver.exit(worker, 143)
    until(
        lambda: _uids(cluster.pods(REF)).get(worker.name), lambda uid: uid not in (None, before[worker.name])
    )
    pods = running(REF, 2)
    assert _uids(pods)["job-chief-0"] == before["job-chief-0"]
    assert _container(pods[1])["restartCount"] == 0
    condition(REF, "Running")
    reasons = [event["reason"] for event in cluster.events(REF)]
    assert {"ExitedWithCode", "TFJobRestarting", "SuccessfulDeletePod"} <= set(reasons)


def test_on_failure_restarts_in_place(driver, submit, condition, cluster, until, running, worker):
    submit(restart_policy="OnFailure")
    before = _uids(cluster.pods(REF))
    driver.exit(worker, 1, "first run")
    until(lambda: cluster.pods(REF), lambda pods: _container(pods[1])["restartCount"] == 1)
    pods = running(REF, 2)
    assert _uids(pods) == before
    assert _container(pods[1])["lastState"]["terminated"]["exitCode"] == 1
    assert _container(pods[1])["lastState"]["terminated"]["message"] == "first run"
    assert _conditions(cluster.get(REF))["Running"] == "True"


def test_on_failure_lets_a_replica_that_is_done_rest(driver, submit, cluster, until, worker):
    submit(restart_policy="OnFailure")
    driver.exit(worker, 0)
    pods = until(lambda: cluster.pods(REF), lambda pods: pods[1]["status"]["phase"] == "Succeeded")
    assert _container(pods[1])["restartCount"] == 0


def test_always_restarts_a_replica_that_is_done(driver, submit, cluster, until, worker):
    submit(restart_policy="Always")
    driver.exit(worker, 0)
    until(lambda: cluster.pods(REF), lambda pods: _container(pods[1])["restartCount"] == 1)


def test_the_backoff_limit_counts_restarts_over_all_replicas(
    driver, submit, condition, cluster, until, running, chief, worker
):
    submit(restart_policy="OnFailure", backoffLimit=2)
    driver.exit(worker, 1)
    until(lambda: cluster.pods(REF), lambda pods: _container(pods[1])["restartCount"] == 1)
    running(REF, 2)
    driver.exit(chief, 1)
    job = condition(REF, "Failed")
    assert "backoff limit" in job["status"]["conditions"][-1]["message"]


def test_clean_pod_policy_running_deletes_those_that_run(driver, submit, condition, cluster, until, chief):
    submit(cleanPodPolicy="Running")
    driver.write(chief, "last words")
    driver.exit(chief, 0)
    condition(REF, "Succeeded")
    pods = until(lambda: cluster.pods(REF), lambda pods: len(pods) == 1)
    assert pods[0]["metadata"]["name"] == "job-chief-0"
    assert [line.text for line in cluster.logs(chief)][-1] == "last words"


def test_clean_pod_policy_all_deletes_every_pod(driver, submit, condition, cluster, until, chief):
    submit(cleanPodPolicy="All")
    driver.exit(chief, 0)
    condition(REF, "Succeeded")
    until(lambda: cluster.pods(REF), lambda pods: pods == [])


def test_a_suspended_job_has_no_pods_and_resumes_with_fresh_ones(submit, condition, cluster, until, running):
    submit()
    condition(REF, "Running")
    before = _uids(cluster.pods(REF))
    cluster.patch(REF, {"spec": {"runPolicy": {"suspend": True}}})
    job = condition(REF, "Suspended")
    assert _conditions(job)["Running"] == "False"
    until(lambda: cluster.pods(REF), lambda pods: pods == [])
    cluster.patch(REF, {"spec": {"runPolicy": {"suspend": False}}})
    after = _uids(running(REF, 2))
    assert not set(before.values()) & set(after.values())
    job = condition(REF, "Running")
    assert _conditions(job)["Suspended"] == "False"
    assert job["status"]["conditions"][-1]["type"] == "Running"


def test_a_job_created_suspended_starts_nothing(cluster, make_job, condition):
    cluster.create(make_job(suspend=True))
    condition(REF, "Suspended")
    assert cluster.pods(REF) == []


def test_a_job_past_its_deadline_fails(submit, cluster, until):
    submit(activeDeadlineSeconds=1)
    # The operator looks at the deadline when something happens to the job (training-operator issue 3358).
    numbers = itertools.count()
    job = until(
        lambda: cluster.patch(REF, {"metadata": {"annotations": {"nudge": str(next(numbers))}}}),
        lambda job: "Failed" in {c["type"] for c in job.get("status", {}).get("conditions", [])},
    )
    assert "deadline" in job["status"]["conditions"][-1]["message"]


def test_a_finished_job_is_removed_when_its_time_is_over(driver, submit, cluster, until, chief):
    submit(worker=0, ttlSecondsAfterFinished=0)
    driver.exit(chief, 0)
    until(cluster.list, lambda jobs: jobs == [])
    until(lambda: cluster.pods(REF), lambda pods: pods == [])


def test_events_tell_of_pods_that_were_made(submit, cluster):
    submit()
    events = [event for event in cluster.events(REF) if event["reason"] == "SuccessfulCreatePod"]
    # The operator takes roles in no order of its own (a Go map).
    assert sorted(event["message"] for event in events) == [
        "Created pod: job-chief-0",
        "Created pod: job-worker-0",
    ]
    assert events[0]["involvedObject"]["kind"] == "TFJob"
    assert events[0]["involvedObject"]["name"] == "job"
    assert events[0]["type"] == "Normal"
    assert events[0]["lastTimestamp"].endswith("Z")
