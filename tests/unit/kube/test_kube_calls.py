"""Calls over a connection that fails: what is sent again, and what is then there."""

from __future__ import annotations

import threading

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster import kube
from tfjob_kit.cluster.port import JobRef

from .conftest import REF, make_job, make_pod
from .fake_api import Fault

BROKEN = [
    Fault(status=503),
    Fault(status=500),
    Fault(status=429, headers={"Retry-After": "2"}),
    Fault(),
    Fault(cut=20),
]
LOST = [Fault(after=True), Fault(after=True, status=504), Fault(cut=20)]


def _ids(faults):
    return [f"{'after' if f.after or f.cut else 'before'}-{f.status or f.cut or 'reset'}" for f in faults]


@pytest.mark.parametrize("fault", BROKEN, ids=_ids(BROKEN))
def test_a_read_is_repeated(cluster, api, pauses, fault):
    api.put("tfjobs", make_job())
    api.faults.append(fault)
    assert "job" == cluster.get(REF)["metadata"]["name"]
    assert 2 == len(api.asked("GET"))
    assert 1 == len(pauses)


def test_retry_after_is_honoured(cluster, api, pauses):
    api.put("tfjobs", make_job())
    api.faults.append(Fault(status=429, headers={"Retry-After": "2"}))
    cluster.get(REF)
    assert 2.0 <= pauses[0] <= 2.2


@pytest.mark.parametrize("fault", [*BROKEN, *LOST], ids=_ids([*BROKEN, *LOST]))
def test_a_job_is_created_once_whatever_is_lost(cluster, api, fault):
    api.faults.append(Fault(**{**vars(fault), "method": "POST"}))
    stored = cluster.create(make_job())
    assert [stored] == cluster.list()


def test_a_submission_is_one_request(cluster, api):
    cluster.create(make_job())
    assert ["POST /apis/kubeflow.org/v1/namespaces/team/tfjobs"] == [str(r) for r in api.requests]
    assert "Strict" == api.requests[0].query["fieldValidation"]


@pytest.mark.parametrize("fault", LOST, ids=_ids(LOST))
def test_a_job_without_submission_is_not_sent_again_when_it_may_be_there(cluster, api, fault):
    api.faults.append(fault)
    with pytest.raises(errors.ClusterError) as caught:
        cluster.create(make_job(submission=None))
    assert "may have been created all the same" in caught.value.hint
    assert 1 == len(api.asked("POST"))


def test_another_job_of_that_name_is_shown(cluster, api):
    other = api.put("tfjobs", make_job(submission="s-0"))
    with pytest.raises(errors.JobExists, match="exists already in namespace `team`") as caught:
        cluster.create(make_job())
    assert other == caught.value.existing


def test_a_dry_run_stores_nothing_and_may_be_repeated(cluster, api):
    api.faults.append(Fault(status=503))
    cluster.create(make_job(submission=None), dry_run=True)
    assert {"All"} == {request.query["dryRun"] for request in api.asked("POST")}


@pytest.mark.parametrize("fault", [*BROKEN, *LOST], ids=_ids([*BROKEN, *LOST]))
def test_a_job_is_deleted_whatever_is_lost(cluster, api, fault):
    api.put("tfjobs", make_job())
    api.faults.append(Fault(**{**vars(fault), "method": "DELETE"}))
    cluster.delete(REF)
    assert {} == api.objects


def test_deleting_spares_a_job_that_has_taken_the_name(cluster, api):
    api.put("tfjobs", make_job())
    # The answer is lost; before the call is repeated somebody submits another job of that name.
    api.faults.append(Fault(method="DELETE", after=True))
    replaced = threading.Event()

    def replace():
        api.wait_for(lambda: not api.objects)
        api.put("tfjobs", make_job(submission="s-2"))
        replaced.set()

    api.faults.append(Fault(method="DELETE", status=503))
    thread = threading.Thread(target=replace)
    thread.start()
    cluster.delete(REF)
    thread.join()
    assert "s-2" == cluster.get(REF)["metadata"]["annotations"]["tfjob-kit/submission"]


def test_a_job_that_is_not_there_is_not_deleted(cluster):
    with pytest.raises(errors.JobNotFound):
        cluster.delete(REF)


def test_a_patch_that_meets_another_writer_is_sent_again(cluster, api):
    api.put("tfjobs", make_job())
    api.faults += [Fault(method="PATCH", status=409), Fault(method="PATCH", status=409)]
    job = cluster.patch(REF, {"spec": {"runPolicy": {"suspend": True}}})
    assert job["spec"]["runPolicy"] == {"suspend": True}
    assert 3 == len(api.asked("PATCH"))


def test_a_call_that_fails_for_good_says_why(cluster, api, pauses):
    api.faults += [Fault(status=503, body="overloaded") for _ in range(20)]
    with pytest.raises(errors.ClusterError, match="failed with 503: overloaded") as caught:
        cluster.get(REF)
    assert caught.value.retryable
    assert 12 == len(api.requests)
    assert 30 >= sum(pauses)


def test_a_server_that_is_not_there(api, cluster, pauses):
    api.close()
    with pytest.raises(errors.NotConnected, match="does not answer: connection refused") as caught:
        cluster.list()
    assert "context here" == caught.value.where
    assert 3 >= sum(pauses)


def test_lists_come_in_pages_as_complete_objects(cluster, api):
    for name in "dcba":
        api.put("tfjobs", {"metadata": {"name": name, "namespace": "team"}, "spec": {}})
    api.page_size = 3
    jobs = cluster.list(namespace="team")
    assert ["d", "c", "b", "a"] == [job["metadata"]["name"] for job in jobs]
    assert {("kubeflow.org/v1", "TFJob")} == {(job["apiVersion"], job["kind"]) for job in jobs}
    assert [("500", None), ("500", "3")] == [
        (r.query["limit"], r.query.get("continue")) for r in api.requests
    ]


def test_a_list_whose_next_page_is_gone_begins_anew(cluster, api):
    for name in "abc":
        api.put("tfjobs", {"metadata": {"name": name, "namespace": "team"}, "spec": {}})
    api.page_size = 2
    api.faults.append(Fault(path="continue", status=410))
    assert 3 == len(cluster.list())


def test_fields_that_nobody_knows_survive(cluster, api):
    pod = make_pod()
    pod["spec"] = {"aFieldOfTomorrow": {"x": [1]}}
    api.put("pods", pod)
    assert [{"aFieldOfTomorrow": {"x": [1]}}] == [pod["spec"] for pod in cluster.pods(REF)]


def test_without_the_operator_the_missing_kind_is_named(cluster, api):
    api.has_crd = False
    for call in (cluster.list, lambda: cluster.get(REF), lambda: cluster.create(make_job())):
        with pytest.raises(errors.CrdMissing):
            call()


def test_capacity_is_what_may_be_read(cluster, api):
    api.put("nodes", {"metadata": {"name": "n", "namespace": ""}})
    api.put("resourcequotas", {"metadata": {"name": "q", "namespace": "team"}})
    found = cluster.capacity(namespace="team")
    assert ["n"] == [node["metadata"]["name"] for node in found.nodes]
    assert [] == found.pods
    assert ["q"] == [quota["metadata"]["name"] for quota in found.quotas]
    api.forbidden |= {"nodes", "resourcequotas"}
    found = cluster.capacity(namespace="team")
    assert (None, None, None) == (found.nodes, found.pods, found.quotas)


def test_events_are_asked_for_by_name_and_told_oldest_first(cluster, api):
    job = api.put("tfjobs", make_job())
    for number, (kind, name) in enumerate(
        [("Pod", "job-worker-0"), ("TFJob", "job"), ("Pod", "job-worker-7"), ("Pod", "other-chief-0")]
    ):
        about = {"kind": kind, "name": name, "uid": job["metadata"]["uid"]}
        meta = {"name": f"e{number}", "namespace": "team"}
        event = {
            "metadata": meta,
            "involvedObject": about,
            "lastTimestamp": f"2026-01-01T00:00:0{9 - number}Z",
        }
        api.put("events", event)
    found = cluster.events(REF)
    assert ["job", "job-worker-0"] == [event["involvedObject"]["name"] for event in found]
    assert 3 == len(api.asked(path="/events"))


def test_a_large_jobs_events_are_one_list(cluster, api):
    job = make_job()
    job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"] = 50
    api.put("tfjobs", job)
    meta = {"name": "e", "namespace": "team"}
    api.put("events", {"metadata": meta, "involvedObject": {"kind": "Pod", "name": "job-worker-49"}})
    assert 1 == len(cluster.events(REF))
    assert 1 == len(api.asked(path="/events"))


def test_nothing_is_sent_by_connecting(api, kubeconfig):
    engine = kube.connect(kubeconfig=kubeconfig, environ={}, namespace="mine")
    assert "mine" == engine.default_namespace
    assert f"context here, {api.url}, namespace mine" == engine.description
    assert [] == api.requests


def test_a_selector_has_the_same_terms_as_on_every_engine(cluster, api):
    cluster.list(selector="team=red")
    assert "team=red" == api.requests[0].query["labelSelector"]
    with pytest.raises(errors.ClusterError, match="not a term"):
        cluster.list(selector="team in (a, b)")


def test_a_job_that_cannot_be_is_refused_before_it_is_sent(cluster, api):
    job = make_job()
    job["spec"]["tfReplicaSpecs"]["Chief"]["restartPolicy"] = "Sometimes"
    with pytest.raises(errors.ClusterError, match="restartPolicy"):
        cluster.create(job)
    assert [] == api.requests


def test_places_say_how_to_look_with_kubectl(cluster):
    logs = cluster.places(JobRef(namespace="team", name="job"))["logs"]
    assert logs.endswith("--context here -n team logs -l training.kubeflow.org/job-name=job")
