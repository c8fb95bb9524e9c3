"""What a watch has shown is kept: pods that are gone, when deletions were asked for, the newest version."""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit.cluster.port import Change, Object
from tfjob_kit.jobs.watched import WatchedJob

from .conftest import JOB, make_job


def pod(name: str = "worker-0", *, uid: str = "a", version: int = 1, **metadata: Any) -> Object:
    role, index = name.split("-")
    labels = {
        "training.kubeflow.org/replica-type": role,
        "training.kubeflow.org/replica-index": index,
        "training.kubeflow.org/job-name": JOB.name,
    }
    identity = {"name": f"{JOB.name}-{name}", "uid": uid, "resourceVersion": str(version), "labels": labels}
    status = {
        "phase": "Running",
        "containerStatuses": [
            {"name": "tensorflow", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
        ],
    }
    return {"metadata": {**identity, **metadata}, "spec": {"nodeName": "gpu-0"}, "status": status}


def job(state: str) -> Object:
    made = make_job()
    conditions = [{"type": state, "status": "True", "reason": f"TFJob{state}", "message": ""}]
    return {**made, "metadata": {**made["metadata"], "uid": "j"}, "status": {"conditions": conditions}}


def change(kind: Any, thing: Object, type: Any = "MODIFIED") -> Change:
    return Change(type=type, kind=kind, object=thing)


@pytest.fixture
def watched() -> WatchedJob:
    return WatchedJob(job("Running"))


def worker(watched: WatchedJob) -> Any:
    return next(replica for replica in watched.view.replicas if replica.name == "worker-0")


def test_a_pod_that_is_gone_is_remembered_once_the_job_is_over(watched: WatchedJob) -> None:
    watched.take(change("Pod", pod()))
    watched.take(change("Pod", pod(version=2), "DELETED"))
    assert ("Missing", None) == (worker(watched).state, worker(watched).node)
    watched.take(change("TFJob", job("Failed")))
    assert ("Deleted", "gpu-0") == (worker(watched).state, worker(watched).node)


def test_a_pod_that_was_made_anew_takes_the_place_of_the_one_before(watched: WatchedJob) -> None:
    watched.take(change("Pod", pod()))
    watched.take(change("Pod", pod(uid="b", version=3)))
    watched.take(change("Pod", pod(version=2), "DELETED"))
    watched.take(change("TFJob", job("Failed")))
    assert "Running" == worker(watched).state


def test_the_kubelets_own_deletion_does_not_hide_when_it_was_asked_for(watched: WatchedJob) -> None:
    asked = {"deletionTimestamp": "2026-01-01T00:00:40Z", "deletionGracePeriodSeconds": 30}
    done = {"deletionTimestamp": "2026-01-01T00:00:35Z", "deletionGracePeriodSeconds": 0}
    watched.take(change("Pod", pod(version=2, **asked)))
    watched.take(change("Pod", pod(version=3, **done)))
    assert "2026-01-01T00:00:10Z" == worker(watched).deletion.time


def test_what_a_list_has_shown_is_not_undone_by_a_watch_that_lags(watched: WatchedJob) -> None:
    asked = {"deletionTimestamp": "2026-01-01T00:00:40Z"}
    watched.take_pods([pod(version=7, **asked)])
    watched.take(change("Pod", pod(version=6)))
    assert "Terminating" == worker(watched).state


def test_another_job_of_the_same_name_is_not_this_one(watched: WatchedJob) -> None:
    other = job("Succeeded")
    other["metadata"]["uid"] = "k"
    watched.take(change("TFJob", other))
    assert watched.is_deleted
    assert "Running" == watched.view.state


def test_so_many_events_are_kept_and_no_more(watched: WatchedJob) -> None:
    for number in range(600):
        about = {"kind": "TFJob", "name": JOB.name}
        event = {"metadata": {"name": f"e{number}"}, "involvedObject": about, "message": str(number)}
        watched.take(change("Event", event, "ADDED"))
    assert 500 == len(watched.view.events)
    assert "599" == watched.view.events[-1].message


def test_what_may_not_be_read_is_known_from_the_bookmark(watched: WatchedJob) -> None:
    watched.take(Change(type="BOOKMARK", kind="", object={"withheld": ["events"]}))
    assert ("events",) == watched.view.withheld
