from __future__ import annotations

import pytest

from tfjob_kit.cluster import rules
from tfjob_kit.cluster.rules import kubelet

NOW = rules.parse_time("2026-01-31T12:00:00Z")
T0, T1 = "2026-01-31T12:00:00Z", "2026-01-31T12:01:00Z"


@pytest.fixture
def pod(make_job):
    return rules.build_pod(make_job(restart_policy="OnFailure"), role="Chief", index=0, uid="u", now=NOW)


def _end(pod, code, *, message=""):
    run = kubelet.Ended(exit_code=code, reason="Error", message=message, started=T0, finished=T1)
    return kubelet.ended(pod, run, again=kubelet.will_restart(pod, code))


def test_a_run_in_place_leaves_its_end_behind(pod):
    again = kubelet.began(_end(kubelet.began(pod, started=T0), 1, message="oh"), started=T1)
    status = again["status"]["containerStatuses"][0]
    assert again["status"]["phase"] == "Running"
    assert again["status"]["startTime"] == T0
    assert status["restartCount"] == kubelet.restarts(again) == 1
    assert status["state"] == {"running": {"startedAt": T1}}
    assert status["lastState"]["terminated"] == {
        "exitCode": 1,
        "reason": "Error",
        "message": "oh",
        "startedAt": T0,
        "finishedAt": T1,
    }


def test_between_runs_the_pod_is_running_and_the_container_waits(pod):
    waiting = _end(kubelet.began(pod, started=T0), 1)
    assert waiting["status"]["phase"] == "Running"
    assert waiting["status"]["containerStatuses"][0]["state"] == {"waiting": {"reason": "CrashLoopBackOff"}}
    assert not kubelet.is_finished(waiting)


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 1, True),
        ("Never", 1, False),
    ],
)
def test_the_policy_decides_on_another_run(pod, policy, code, again):
    pod["spec"]["restartPolicy"] = policy
    assert kubelet.will_restart(pod, code) == again


def test_a_pod_that_is_being_deleted_is_not_restarted(pod):
    pod["metadata"]["deletionTimestamp"] = T0
    assert not kubelet.will_restart(pod, 1)


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (3, "Failed")])
def test_the_last_end_is_the_pods_phase(pod, code, phase):
    pod["spec"]["restartPolicy"] = "Never"
    ended = _end(kubelet.began(pod, started=T0), code)
    assert ended["status"]["phase"] == phase
    assert kubelet.is_finished(ended)


def test_a_pod_without_a_place_says_why(pod):
    status = kubelet.pending(pod, reason="Unschedulable", message="0/3 nodes")["status"]
    assert status["conditions"][0]["reason"] == "Unschedulable"
    status = kubelet.pending(pod, reason="ImagePullBackOff", message="no such image")["status"]
    waiting = status["containerStatuses"][0]["state"]["waiting"]
    assert waiting == {"reason": "ImagePullBackOff", "message": "no such image"}


@pytest.mark.parametrize(
    ("restarts", "ran", "seconds"),
    [(0, 1, 0), (1, 1, 10), (2, 1, 20), (3, 1, 40), (6, 1, 300), (99, 1, 300), (5, 600, 0)],
)
def test_the_delay_doubles_and_is_forgiven(restarts, ran, seconds):
    assert kubelet.back_off(restarts, ran_seconds=ran) == seconds
