"""The operator's rules, scenario by scenario, as they were seen on the real operator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tfjob_kit.cluster import rules


def test_a_new_job_is_created_and_all_its_pods_are_made(make_job):
    job = make_job()
    outcome = rules.reconcile(job, pods=[], now=rules.parse_time("2026-01-31T12:00:00Z"))
    made = [action for action in outcome.actions if isinstance(action, rules.CreatePod)]
    assert made == [
        rules.CreatePod(role="Chief", index=0),
        rules.CreatePod(role="Worker", index=0),
        rules.CreatePod(role="Worker", index=1),
    ]
    assert outcome.status == {
        "conditions": [
            {
                "type": "Created",
                "status": "True",
                "reason": "TFJobCreated",
                "message": "TFJob job is created.",
                "lastUpdateTime": "2026-01-31T12:00:00Z",
                "lastTransitionTime": "2026-01-31T12:00:00Z",
            }
        ],
        "replicaStatuses": {"Chief": {}, "Worker": {}},
        "startTime": "2026-01-31T12:00:00Z",
    }
    assert "status" not in job


def test_the_job_runs_with_its_chief_though_workers_are_pending(world):
    w = world()
    w.pods["worker-0"]["status"] = {"phase": "Pending"}
    w.look()
    assert w.conditions == "Created Running"
    assert w.counts == {"Chief": {"active": 1}, "Worker": {"active": 1}}


def test_a_pending_chief_keeps_the_job_created(make_job, world):
    w = world()
    w.job["status"] = {}
    w.pods["chief-0"]["status"] = {"phase": "Pending"}
    w.look()
    assert w.conditions == "Created"


def test_success_of_the_chief_is_success_of_the_job(world):
    w = world()
    w.end("worker-0", 0)
    w.look()
    w.end("chief-0", 0)
    w.look()
    assert w.conditions == "Created Running=F Succeeded"
    assert w.job["status"]["completionTime"]
    assert w.counts == {"Chief": {"succeeded": 1}, "Worker": {"active": 1, "succeeded": 1}}
    assert w.look() == ["-worker-1"]
    assert w.counts == {"Chief": {"succeeded": 1}, "Worker": {"succeeded": 2}}
    assert "TFJobSucceeded" in w.reasons


def test_fast_jobs_never_run(world):
    w = world()
    w.job["status"] = {}
    for name in w.pods:
        w.end(name, 0)
    w.look()
    assert w.conditions == "Created Succeeded"


@pytest.mark.parametrize(
    ("success_policy", "done", "state"),
    [
        ("", ["worker-0"], "Succeeded"),
        ("", ["worker-1"], "Running"),
        ("AllWorkers", ["worker-0"], "Running"),
        ("AllWorkers", ["worker-0", "worker-1"], "Succeeded"),
    ],
)
def test_without_a_chief_the_success_policy_decides(world, success_policy, done, state):
    w = world(Worker=2, spec={"successPolicy": success_policy})
    for name in done:
        w.end(name, 0)
    w.look()
    assert w.conditions.split()[-1] == state


@pytest.mark.parametrize("code", [1, 2, 42, 127])
def test_exit_code_takes_codes_below_128_for_permanent(world, code):
    w = world(restart_policy="ExitCode")
    w.end("worker-0", code)
    assert w.look() == []
    assert w.conditions == "Created Running=F Failed"
    failed = w.job["status"]["conditions"][-1]
    assert failed["message"] == 'job "job" is failing because "Worker" replica(s) failed.'
    assert [r for r in w.reasons if r == "TFJobFailed"] == ["TFJobFailed", "TFJobFailed"]
    assert w.job["status"]["completionTime"]


@pytest.mark.parametrize("code", [128, 134, 137, 139, 143])
def test_exit_code_makes_the_pod_anew_from_128_on(world, code):
    w = world(restart_policy="ExitCode")
    w.end("worker-0", code)
    assert w.look() == ["-worker-0"]
    assert w.conditions == "Created Restarting"
    assert ("ExitedWithCode", f"Pod: ns.job-worker-0 exited with code {code}") in w.events
    assert w.look() == ["+worker-0"]
    w.run("worker-0")
    w.look()
    assert w.conditions == "Created Running"


def test_an_evicted_pod_is_retryable(world):
    w = world(restart_policy="ExitCode")
    w.pods["chief-0"] = rules.kubelet.evicted(w.pods["chief-0"], message="low on memory")
    assert w.look() == ["-chief-0"]
    w.settle()
    assert w.conditions == "Created Running"


def test_a_failed_pod_that_is_going_is_not_deleted_twice(world):
    w = world(restart_policy="ExitCode")
    w.end("worker-0", 137)
    w.terminate("worker-0")
    assert w.look() == []
    assert w.conditions == "Created Restarting"


def test_never_fails_with_any_code(world):
    w = world(restart_policy="Never", run_policy={"cleanPodPolicy": "None"})
    w.end("worker-1", 143)
    w.look()
    assert w.conditions == "Created Running=F Failed"
    assert w.job["status"]["conditions"][-1]["message"] == (
        "TFJob ns/job has failed because 1 Worker replica(s) failed."
    )
    assert w.look() == []
    assert len(w.pods) == 3


def test_on_failure_leaves_restarts_to_the_kubelet(world):
    w = world(restart_policy="OnFailure")
    w.end("worker-0", 1)
    assert w.look() == []
    assert w.conditions == "Created Running"
    assert w.pods["worker-0"]["status"]["containerStatuses"][0]["restartCount"] == 1


def test_on_failure_makes_a_failed_pod_anew(world):
    w = world(restart_policy="OnFailure")
    w.pods["worker-0"] = rules.kubelet.evicted(w.pods["worker-0"], message="")
    assert w.look() == ["-worker-0"]


def test_a_running_pod_that_is_being_deleted_fails_the_job(world):
    w = world(restart_policy="ExitCode")
    w.terminate("worker-1")
    w.look()
    assert w.conditions == "Created Running=F Failed"
    assert "ExitedWithCode" not in w.reasons


def test_a_pod_that_vanished_is_made_anew(world):
    w = world()
    del w.pods["worker-1"]
    assert w.look() == ["+worker-1"]
    assert w.conditions == "Created Running"


def test_succeeded_and_failed_can_both_be_true(world):
    w = world(restart_policy="Never")
    w.end("chief-0", 0)
    w.end("worker-0", 1)
    w.look()
    assert w.conditions == "Created Running=F Succeeded Failed"


def test_failed_is_for_ever(world):
    w = world(restart_policy="Never", run_policy={"cleanPodPolicy": "None"})
    w.end("worker-0", 1)
    w.look()
    w.end("chief-0", 0)
    w.look()
    assert w.conditions == "Created Running=F Failed"


@pytest.mark.parametrize(
    ("limit", "restarts", "state"),
    [(2, 1, "Running"), (2, 2, "Failed"), (0, 0, "Running"), (0, 1, "Failed"), (1, 1, "Failed")],
)
def test_the_backoff_limit_sums_restarts_of_running_pods(world, limit, restarts, state):
    w = world(restart_policy="OnFailure", run_policy={"backoffLimit": limit})
    for number in range(restarts):
        w.end(f"worker-{number}", 1)
    w.look()
    assert w.conditions.split()[-1] == state
    if state == "Failed":
        assert w.job["status"]["conditions"][-1]["message"] == (
            "Job job has failed because it has reached the specified backoff limit"
        )


def test_exit_code_with_a_backoff_limit_never_reaches_it(world):
    w = world(restart_policy="ExitCode", run_policy={"backoffLimit": 1})
    for _ in range(5):
        w.end("worker-0", 137)
        w.settle()
    assert w.conditions == "Created Running"


def test_exit_code_with_limit_0_fails_with_the_first_failed_pod(world):
    w = world(restart_policy="ExitCode", run_policy={"backoffLimit": 0})
    w.end("worker-0", 137)
    w.look()
    assert w.conditions.split()[-1] == "Failed"


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("None", ["chief-0", "worker-0", "worker-1"]),
        ("Running", ["chief-0", "worker-0"]),
        ("All", []),
        ("running", []),
    ],
)
def test_the_clean_pod_policy_says_what_stays(world, policy, left):
    w = world(run_policy={"cleanPodPolicy": policy})
    w.end("worker-0", 0)
    w.end("chief-0", 0)
    w.settle()
    assert sorted(w.pods) == left


def test_clean_pod_policy_running_takes_pending_pods_too(world):
    w = world(run_policy={"cleanPodPolicy": "Running"})
    w.pods["worker-1"]["status"] = {"phase": "Pending"}
    w.end("chief-0", 0)
    w.look()
    assert set(w.look()) == {"-worker-0", "-worker-1"}


def test_suspending_deletes_every_pod_whatever_the_policy_says(world):
    w = world(run_policy={"cleanPodPolicy": "None"})
    started = w.job["status"]["startTime"]
    w.patch(suspend=True)
    w.look()
    assert w.pods == {}
    assert w.conditions == "Created Running=F Suspended"
    assert w.counts == {"Chief": {}, "Worker": {}}
    events = len(w.events)
    w.look()
    assert len(w.events) == events

    w.advance(60)
    w.patch(suspend=False)
    assert w.look() == ["+chief-0", "+worker-0", "+worker-1"]
    assert w.conditions == "Created Running=F Suspended=F"
    w.settle()
    assert w.conditions == "Created Suspended=F Running"
    assert w.job["status"]["startTime"] > started


def test_a_suspended_job_resumes_at_another_size(world):
    w = world()
    w.patch(suspend=True)
    w.settle()
    w.job = rules.merge_patch(w.job, {"spec": {"tfReplicaSpecs": {"Worker": {"replicas": 4}}}})
    w.patch(suspend=False)
    w.settle()
    assert len(w.pods) == 5
    assert '"job-worker-3.ns.svc:2222"' in w.pods["chief-0"]["spec"]["containers"][0]["env"][-1]["value"]


def test_a_job_created_suspended_makes_no_pod(make_job):
    job = make_job(run_policy={"suspend": True})
    outcome = rules.reconcile(job, pods=[], now=rules.parse_time("2026-01-31T12:00:00Z"))
    assert [c["type"] for c in outcome.status["conditions"]] == ["Created", "Suspended"]
    assert "startTime" not in outcome.status
    assert not any(isinstance(action, rules.CreatePod) for action in outcome.actions)


def test_a_finished_job_cannot_be_suspended(world):
    w = world()
    w.end("chief-0", 0)
    w.settle()
    w.patch(suspend=True)
    w.settle()
    assert w.conditions == "Created Running=F Succeeded"


def test_the_deadline_counts_from_the_first_look(world):
    w = world(run_policy={"activeDeadlineSeconds": 60})
    assert w.wake_at == w.now + timedelta(seconds=60)
    w.advance(59)
    w.look()
    assert w.conditions == "Created Running"
    w.advance(1)
    w.look()
    assert w.conditions == "Created Running=F Failed"
    assert "longer than specified deadline" in w.job["status"]["conditions"][-1]["message"]
    w.look()
    assert w.pods == {}


def test_the_deadline_starts_anew_at_resume(world):
    w = world(run_policy={"activeDeadlineSeconds": 60})
    w.patch(suspend=True)
    w.settle()
    w.advance(600)
    w.patch(suspend=False)
    w.settle()
    assert w.conditions.split()[-1] == "Running"
    assert w.wake_at == w.now + timedelta(seconds=60)


def test_a_finished_job_is_removed_when_its_time_is_over(world):
    w = world(run_policy={"ttlSecondsAfterFinished": 100})
    w.end("chief-0", 0)
    w.settle()
    assert w.wake_at == w.now + timedelta(seconds=100)
    w.advance(99)
    w.look()
    assert not w.deleted
    w.advance(1)
    w.look()
    assert w.deleted


def test_surplus_pods_are_deleted_and_counted_as_failed_while_they_end(world):
    w = world()
    w.job = rules.merge_patch(w.job, {"spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1}}}})
    assert w.look() == ["-worker-1"]


def test_a_job_of_another_manager_is_left_alone(make_job):
    job = make_job(run_policy={"managedBy": "kueue.x-k8s.io/multikueue"})
    outcome = rules.reconcile(job, pods=[], now=rules.parse_time("2026-01-31T12:00:00Z"))
    assert outcome == rules.Outcome(status={})


def test_roles_and_defaults_are_read_as_the_operator_reads_them(make_job):
    job = make_job(worker=1)
    del job["spec"]["runPolicy"]
    role = job["spec"]["tfReplicaSpecs"]["worker"]
    del role["replicas"], role["restartPolicy"]
    outcome = rules.reconcile(job, pods=[], now=rules.parse_time("2026-01-31T12:00:00Z"))
    assert outcome.actions[0] == rules.CreatePod(role="Worker", index=0)


def test_dynamic_workers_may_fail(world):
    w = world(Worker=2, restart_policy="Never", spec={"enableDynamicWorker": True})
    w.end("worker-1", 1)
    w.look()
    assert w.conditions == "Created Running"


def test_a_look_at_rest_changes_nothing(world):
    w = world()
    before = w.job
    assert w.look() == []
    assert w.job == before
