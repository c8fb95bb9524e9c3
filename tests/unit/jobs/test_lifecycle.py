"""Submit, list, wait, cancel and the logs of a job at rest."""

from __future__ import annotations

import threading

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.jobs import cancel_job, list_jobs, read_job, read_logs, submit, wait_for
from tfjob_kit.jobs.events import Submitted

from .conftest import CHIEF, JOB, WORKER, make_job


def test_submit_list_cancel(cluster: FakeCluster) -> None:
    assert Submitted(job="digits", namespace="default", engine="fake") == submit(cluster, make_job())
    assert ["digits"] == [view.ref.name for view in list_jobs(cluster, namespace=None)]
    assert () == list_jobs(cluster, namespace="other")
    with pytest.raises(errors.JobExists):
        submit(cluster, make_job())
    cancel_job(cluster, JOB)
    with pytest.raises(errors.JobNotFound):
        cancel_job(cluster, JOB)


def test_waiting_returns_when_the_state_has_come(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    view = wait_for(cluster, JOB, until=lambda view: view.state == "Running", stop=threading.Event())
    assert view is not None
    assert "Running" == view.state


def test_waiting_for_what_never_comes_ends_with_the_job(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    threading.Thread(target=cluster.exit, args=(CHIEF, 0), daemon=True).start()
    view = wait_for(cluster, JOB, until=lambda view: view.state == "Failed", stop=threading.Event())
    assert view is not None
    assert "Succeeded" == view.state


def test_waiting_stops_when_told(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    stop = threading.Event()
    stop.set()
    assert wait_for(cluster, JOB, until=lambda view: view.is_finished, stop=stop) is None


def test_a_job_deleted_while_waited_for_is_cancelled(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    threading.Thread(target=cluster.delete, args=(JOB,), daemon=True).start()
    with pytest.raises((errors.JobCancelled, errors.JobNotFound)):
        wait_for(cluster, JOB, until=lambda view: view.is_finished, stop=threading.Event())


def test_lines_of_all_replicas_come_in_order_of_time(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    for number in range(3):
        cluster.write_log(CHIEF, f"chief {number}")
        cluster.write_log(WORKER, f"worker {number}")
    lines = list(read_logs(cluster, read_job(cluster, JOB).replicas))
    expected = [f"{who} {n}" for n in range(3) for who in ("chief", "worker")]
    assert expected == [line.text for line in lines]
    assert ["chief 2", "worker 2"] == [
        line.text for line in read_logs(cluster, read_job(cluster, JOB).replicas, tail=1)
    ]


def test_lines_of_the_run_before_a_restart_are_there_too(cluster: FakeCluster) -> None:
    cluster.create(make_job(policy="OnFailure"))
    cluster.write_log(CHIEF, "first")
    cluster.exit(CHIEF, 1)
    cluster.write_log(CHIEF, "second")
    chief, _ = read_job(cluster, JOB).replicas
    assert ["first", "second"] == [line.text for line in read_logs(cluster, [chief])]
    assert ["first", "second"] == [line.text for line in read_logs(cluster, [chief], tail=9)]


def test_replicas_that_went_since_they_were_looked_at_have_no_lines(cluster: FakeCluster) -> None:
    cluster.create(make_job())
    cluster.write_log(CHIEF, "first")
    replicas = read_job(cluster, JOB).replicas
    cluster.delete(JOB)
    assert [] == list(read_logs(cluster, replicas))


def test_a_replica_that_has_not_begun_has_no_lines() -> None:
    cluster = FakeCluster(start_pods=False)
    cluster.create(make_job())
    assert [] == list(read_logs(cluster, read_job(cluster, JOB).replicas))
