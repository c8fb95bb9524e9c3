"""A job's place in its Kueue queue, out of what each of Kueue's APIs answers, or does not.

Objects as Kueue 0.19.2 writes them, cut to what is read.
"""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit.cluster.kube import KubeCluster
from tfjob_kit.cluster.port import QueuePlace

from .conftest import REF
from .fake_api import FakeApi, Fault, status

NO_QUOTA = (
    "couldn't assign flavors to pod set worker: insufficient unused quota for nvidia.com/gpu in flavor a100, "
    "2 more needed"
)
FORBIDDEN = (403, status(403, "Forbidden", 'workloads is forbidden: User "jane" cannot list'))
UNAVAILABLE = (503, "service unavailable\n")
WAITING = QueuePlace(standing="waiting", workload="tfjob-job-1a2b3", reason="Pending", message=NO_QUOTA)
THIRD = {"position": 3, "cluster_position": 7, "length": 4}


def kueue(plural: str, version: str = "v1beta2") -> str:
    return f"/apis/kueue.x-k8s.io/{version}/namespaces/team/{plural}"


def visible(version: str = "v1beta2", queue: str = "team-a") -> str:
    path = f"/apis/visibility.kueue.x-k8s.io/{version}/namespaces/team/localqueues"
    return f"{path}/{queue}/pendingworkloads"


def condition(type_: str, state: bool, reason: str, message: str = "") -> dict[str, Any]:
    return {"type": type_, "status": str(state), "reason": reason, "message": message}


def workload(*conditions: dict[str, Any], active: bool = True, **state: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "tfjob-job-1a2b3", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"queueName": "team-a", "active": active},
        "status": {"conditions": list(conditions), **state},
    }


def local_queue(name: str = "team-a", *conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"clusterQueue": "gpus"},
        "status": {"conditions": list(conditions)},
    }


def listed(*things: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"items": list(things)}


def pending(*uids: str) -> tuple[int, dict[str, Any]]:
    """A LocalQueue's pending workloads; between two of them stand two others of the cluster queue."""
    entries = [
        {
            "metadata": {"name": f"tfjob-{uid}", "ownerReferences": [{"kind": "TFJob", "uid": uid}]},
            "priority": 0,
            "localQueueName": "team-a",
            "positionInLocalQueue": index,
            "positionInClusterQueue": 3 * index,
        }
        for index, uid in enumerate(uids)
    ]
    return listed(*entries)


PENDING = workload(condition("QuotaReserved", False, "Pending", NO_QUOTA))


@pytest.fixture
def place(cluster: KubeCluster) -> Any:
    return lambda: cluster.queue_place(REF, uid="u-3", queue="team-a")


def test_position_and_reason_come_from_two_short_calls(api: FakeApi, place: Any) -> None:
    api.answers = {
        kueue("workloads"): listed(PENDING),
        visible(): pending("u-1", "u-2", "u-3", "u-4"),
    }
    found = place()
    assert (3, 7, 4) == (found.position, found.cluster_position, found.length)
    assert WAITING == QueuePlace(
        standing=found.standing, workload=found.workload, reason=found.reason, message=found.message
    )
    assert [kueue("workloads"), visible()] == [request.path for request in api.requests]
    assert "kueue.x-k8s.io/job-uid=u-3" == api.requests[0].query["labelSelector"]


def test_an_older_kueue_is_asked_in_its_own_version(api: FakeApi, place: Any) -> None:
    api.answers = {
        kueue("workloads", "v1beta1"): listed(PENDING),
        visible("v1beta1"): pending("u-1", "u-3"),
    }
    assert (2, NO_QUOTA) == (place().position, place().message)


@pytest.mark.parametrize("answer", [(404, "404 page not found\n"), FORBIDDEN, UNAVAILABLE], ids=str)
def test_without_the_visibility_api_the_reason_is_told(
    api: FakeApi, place: Any, pauses: Any, answer: Any
) -> None:
    api.answers = {
        kueue("workloads"): listed(PENDING),
        visible(): answer,
        visible("v1beta1"): answer,
        kueue("localqueues"): listed(local_queue("team-a", condition("Active", True, "Ready"))),
    }
    found = place()
    assert ("waiting", None, NO_QUOTA, None) == (found.standing, found.position, found.message, found.fault)
    assert "gpus" == found.cluster_queue
    assert [] == pauses, "one try each"


def test_who_may_not_read_workloads_still_has_a_position(api: FakeApi, place: Any) -> None:
    api.answers = {kueue("workloads"): FORBIDDEN, visible(): pending("u-1", "u-3")}
    assert QueuePlace(standing="unknown", position=2, cluster_position=4, length=2) == place()


@pytest.mark.parametrize("answer", [FORBIDDEN, UNAVAILABLE, (200, "no JSON")], ids=str)
def test_where_nothing_can_be_read_nothing_is_known(
    api: FakeApi, place: Any, pauses: Any, answer: Any
) -> None:
    paths = (kueue("workloads"), kueue("localqueues"), visible())
    api.answers = dict.fromkeys(paths, answer)
    assert place() is None
    assert [] == pauses


def test_a_broken_connection_is_no_error(api: FakeApi, place: Any) -> None:
    api.faults = [Fault() for _ in range(3)]
    assert place() is None


def test_a_cluster_without_kueue_says_so(api: FakeApi, place: Any) -> None:
    assert QueuePlace(standing="unknown", fault="no_system") == place()


def test_a_queue_that_is_not_there_is_told_with_those_that_are(api: FakeApi, place: Any) -> None:
    api.answers = {
        kueue("workloads"): listed(),
        kueue("localqueues"): listed(local_queue("team-b"), local_queue("research")),
    }
    assert QueuePlace(standing="untaken", fault="missing", queues=("research", "team-b")) == place()


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("Stopped", "stopped"),
        ("ClusterQueueDoesNotExist", "no_cluster_queue"),
        ("ClusterQueueIsInactive", "inactive"),
    ],
)
def test_what_is_wrong_with_a_queue_is_told(api: FakeApi, place: Any, reason: str, fault: str) -> None:
    api.answers = {
        kueue("workloads"): listed(PENDING),
        kueue("localqueues"): listed(local_queue("team-a", condition("Active", False, reason))),
    }
    assert (fault, "gpus") == (place().fault, place().cluster_queue)


def test_a_job_that_was_preempted_is_told_from_one_that_has_never_run(api: FakeApi, place: Any) -> None:
    message = (
        "Preempted to accommodate a workload (UID: 1, JobUID: 2) due to prioritization in the ClusterQueue"
    )
    evicted = condition("Evicted", True, "Preempted", message)
    api.answers = {
        kueue("workloads"): listed(
            workload(
                condition("QuotaReserved", False, "Pending", NO_QUOTA),
                evicted,
                requeueState={"requeueAt": "2026-01-01T00:05:00Z"},
            )
        ),
        visible(): pending("u-3"),
    }
    found = place()
    assert ("Preempted", message) == (found.eviction, found.eviction_message)
    assert ("2026-01-01T00:05:00Z", 1, NO_QUOTA) == (found.back_at, found.position, found.message)


def test_while_it_is_being_stopped_it_is_not_admitted(api: FakeApi, place: Any) -> None:
    reserved, admitted = (
        condition("QuotaReserved", True, "QuotaReserved"),
        condition("Admitted", True, "Admitted"),
    )
    evicted = condition("Evicted", True, "Preempted")
    api.answers = {kueue("workloads"): listed(workload(reserved, admitted, evicted))}
    assert ("waiting", None) == (place().standing, place().message)


def test_a_job_with_quota_waits_for_the_checks_that_are_open(api: FakeApi, place: Any) -> None:
    checks = [
        {"name": "provisioning", "state": "Pending", "message": "waiting for 4 nodes"},
        {"name": "budget", "state": "Pending"},
        {"name": "license", "state": "Ready"},
    ]
    reserved = condition("QuotaReserved", True, "QuotaReserved")
    api.answers = {kueue("workloads"): listed(workload(reserved, admissionChecks=checks))}
    assert ("checked", "provisioning (waiting for 4 nodes), budget") == (place().standing, place().message)
    assert 2 == len(api.requests), "no question about a position"


def test_an_admitted_job_is_about_to_start(api: FakeApi, place: Any) -> None:
    conditions = condition("QuotaReserved", True, "QuotaReserved"), condition("Admitted", True, "Admitted")
    api.answers = {kueue("workloads"): listed(workload(*conditions))}
    assert "admitted" == place().standing


def test_a_job_that_kueue_has_set_inactive_says_why(api: FakeApi, place: Any) -> None:
    message = "The workload is deactivated due to exceeding the maximum number of re-queuing retries"
    evicted = condition("Evicted", True, "DeactivatedDueToRequeuingLimitExceeded", message)
    api.answers = {kueue("workloads"): listed(workload(evicted, active=False))}
    assert ("inactive", message) == (place().standing, place().message)


def test_a_workload_of_an_earlier_life_does_not_count(api: FakeApi, place: Any) -> None:
    old = workload(condition("Finished", True, "OutOfSync"), condition("Admitted", True, "Admitted"))
    api.answers = {kueue("workloads"): listed(old, PENDING), visible(): pending("u-3")}
    assert ("waiting", 1) == (place().standing, place().position)
