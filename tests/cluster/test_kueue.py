"""Jobs in the queues of the real Kueue, with its webhooks and its visibility API, on a plane of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.api import MERGE_PATCH, wait_until
from harness.drive import Drive
from harness.plane import Plane
from scenes import Scene, make_job

from tfjob_kit import jobs
from tfjob_kit.cluster import kube, port

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

QUEUES = "/apis/kueue.x-k8s.io/v1beta2"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
SHORT = (
    "couldn't assign flavors to pod set chief: insufficient unused quota for nvidia.com/gpu in flavor {}, "
    "1 more needed"
)


@pytest.fixture(scope="session")
def plane(start_plane: Callable[..., Plane]) -> Plane:
    """Another cluster than that of the other tests: Kueue is in it."""
    plane = start_plane(kueue=True)
    for name, value in (("low", 1), ("high", 10)):
        create(plane, "WorkloadPriorityClass", name, value=value)
    return plane


@pytest.fixture(scope="session")
def fakes(plane: Plane) -> Plane:
    return plane


@pytest.fixture
def pool(plane: Plane, ns: str) -> Iterator[str]:
    """A cluster queue of two GPUs, and two queues of this test's namespace that lead to it."""
    create(plane, "ResourceFlavor", ns)
    quotas = {"cpu": "8", "memory": "8Gi", "nvidia.com/gpu": "2"}
    flavor = {
        "name": ns,
        "resources": [{"name": name, "nominalQuota": quota} for name, quota in quotas.items()],
    }
    spec = {
        "namespaceSelector": {},
        "preemption": {"withinClusterQueue": "LowerPriority"},
        "resourceGroups": [{"coveredResources": list(quotas), "flavors": [flavor]}],
    }
    create(plane, "ClusterQueue", ns, spec=spec)
    for name in ("team-a", "team-b"):
        create(plane, "LocalQueue", name, namespace=ns, spec={"clusterQueue": ns})
    yield ns
    plane.req("DELETE", f"{QUEUES}/clusterqueues/{ns}")


@pytest.fixture
def scenes(plane: Plane, drive: Drive) -> Iterator[Callable[[], Scene]]:
    """Several jobs of one namespace, each followed by somebody."""
    made: list[Scene] = []

    def make() -> Scene:
        cluster = kube.connect(kubeconfig=plane.kubeconfig, namespace=drive.namespace, environ={})
        made.append(Scene(cluster, drive))
        return made[-1]

    yield make
    for scene in made:
        scene.close()


def create(plane: Plane, kind: str, name: str, *, namespace: str | None = None, **fields: Any) -> None:
    """An object of Kueue's."""
    body = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": kind, "metadata": {"name": name}, **fields}
    where = f"/namespaces/{namespace}" if namespace else ""
    plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind.lower()}s"
    plane.req("POST", f"{QUEUES}{where}/{plural}", body)


def queued(
    name: str, queue: str = "team-a", *, priority: str | None = None, **options: Any
) -> dict[str, Any]:
    """A job of two GPUs, as much as the quota has."""
    job = make_job(name, **options)
    labels = {port.QUEUE_LABEL: queue} | ({PRIORITY_LABEL: priority} if priority else {})
    job["metadata"]["labels"] = labels
    return job


def begin(scene: Scene, job: dict[str, Any]) -> None:
    scene.begin(job, queue_pause=1.0)


def status(scene: Scene) -> jobs.JobReport:
    return jobs.read_report(scene.cluster, scene.ref)


def end(drive: Drive, name: str) -> None:
    for pod in (f"{name}-worker-0", f"{name}-chief-0"):
        drive.exit(pod, 0)


def test_a_job_says_its_position_and_runs_when_the_one_before_it_has_ended(
    scenes: Callable[[], Scene], drive: Drive, pool: str
) -> None:
    first, second, third = scenes(), scenes(), scenes()
    begin(first, queued("first"))
    drive.wait_running("first", 2)
    begin(second, queued("second"))
    says = f"the job waits: number 1 in the queue team-a: {SHORT.format(pool)}"
    second.until_notice(says)
    begin(third, queued("third", "team-b"))
    # Of jobs that are alike Kueue 0.19 tries the first alone (SchedulingEquivalenceHashing): no reason here.
    third.until_notice("the job waits: number 1 in the queue team-b (2 in the cluster queue)")
    verdict = status(second).verdict
    assert ("queued", 101) == (verdict.kind, verdict.exit_code)
    assert verdict.summary.startswith(f"second: {says}")
    assert "queue team-a: 1 waiting" in verdict.evidence
    assert [] == drive.pods("second")

    end(drive, "first")
    assert "Succeeded" == first.end().states[-1]
    drive.wait_running("second", 2)
    third.until_notice(f"the job waits: number 1 in the queue team-b: {SHORT.format(pool)}")
    end(drive, "second")
    assert "Succeeded" == second.end().states[-1]
    third.cluster.delete(third.ref)


def test_a_job_that_is_preempted_says_so(scenes: Callable[[], Scene], drive: Drive, pool: str) -> None:
    low, high = scenes(), scenes()
    begin(low, queued("low", priority="low", annotations={"sim/grace": "1s"}))
    drive.wait_running("low", 2)
    low.until_state("Running")
    begin(high, queued("high", priority="high"))
    low.until_notice(
        "the job waits: it was preempted (prioritization in the ClusterQueue); number 1 in the queue team-a"
    )
    assert "it was preempted (prioritization in the ClusterQueue)" in status(low).verdict.summary
    drive.wait_running("high", 2)
    end(drive, "high")
    drive.wait_running("low", 2)
    end(drive, "low")
    assert ["Running", "Suspended", "Running", "Succeeded"] == _without_repeats(low.end().states)[-4:]


def test_a_queue_that_is_not_there_is_said_with_those_that_are(
    scenes: Callable[[], Scene], drive: Drive, pool: str
) -> None:
    scene = scenes()
    begin(scene, queued("lost", "team-x"))
    scene.until_notice("the job waits: there is no queue team-x in its namespace: there are team-a, team-b")
    assert "run it again with one of team-a, team-b" in (status(scene).verdict.fix or "")
    label = {"metadata": {"labels": {port.QUEUE_LABEL: "team-a"}}}
    scene.cluster.patch(scene.ref, label)
    drive.wait_running("lost", 2)
    end(drive, "lost")
    assert "Succeeded" == scene.end().states[-1]


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("localqueues/team-a", {"stopPolicy": "Hold"}, "the queue team-a is stopped"),
        (
            "localqueues",
            {"clusterQueue": "nowhere"},
            "the queue team-c leads to the cluster queue nowhere, which is not there",
        ),
    ],
)
def test_what_is_wrong_with_a_queue_is_said(
    scenes: Callable[[], Scene], plane: Plane, pool: str, kind: str, change: dict[str, Any], says: str
) -> None:
    path = f"{QUEUES}/namespaces/{pool}/{kind}"
    if kind == "localqueues":
        create(plane, "LocalQueue", "team-c", namespace=pool, spec=change)
    else:
        plane.req("PATCH", path, {"spec": change}, MERGE_PATCH)
    scene = scenes()
    begin(scene, queued("held", "team-c" if kind == "localqueues" else "team-a"))
    scene.until_notice(f"the job waits: {says}")
    scene.cluster.delete(scene.ref)


def test_a_job_that_asks_for_more_than_there_can_be_is_told(
    scenes: Callable[[], Scene], drive: Drive, pool: str
) -> None:
    scene = scenes()
    begin(scene, queued("large", gpus=4))
    scene.until_notice(
        "number 1 in the queue team-a: couldn't assign flavors to pod set chief: insufficient quota"
    )
    assert "the queue can never give so much" in (status(scene).verdict.fix or "")
    scene.cluster.delete(scene.ref)


def test_the_documented_role_is_enough_for_the_position(
    as_user: Callable[..., kube.KubeCluster], drive: Drive, pool: str
) -> None:
    engine = as_user()
    engine.create(queued("first"))
    second = engine.create(queued("second"))
    drive.wait_running("first", 2)
    place = _place(
        engine, second, until=lambda found: found.position is not None and found.message is not None
    )
    assert (1, 1, 1) == (place.position, place.cluster_position, place.length)


def test_without_rights_the_rest_is_still_told(
    as_user: Callable[..., kube.KubeCluster], drive: Drive, pool: str
) -> None:
    engine = as_user(without=("workloads", "localqueues/pendingworkloads"))
    job = engine.create(queued("first"))
    ref = port.JobRef(namespace=pool, name="first")
    assert engine.queue_place(ref, uid=job["metadata"]["uid"], queue="team-a") is None
    drive.wait_running("first", 2)


def test_while_kueue_is_away_status_goes_on(
    scenes: Callable[[], Scene], drive: Drive, pool: str, plane: Plane
) -> None:
    first, second = scenes(), scenes()
    begin(first, queued("first"))
    drive.wait_running("first", 2)
    begin(second, queued("second"))
    second.until_notice("number 1 in the queue team-a: ")
    plane.stop_component("kueue")
    try:
        assert (
            f"it is in the queue team-a and not admitted yet: {SHORT.format(pool)}"
            in status(second).verdict.summary
        )
    finally:
        plane.start_component("kueue")
        plane.wait_kueue()
    end(drive, "first")
    drive.wait_running("second", 2)


def _place(
    engine: kube.KubeCluster, job: dict[str, Any], *, until: Callable[[port.QueuePlace], bool]
) -> port.QueuePlace:
    metadata = job["metadata"]
    ref = port.JobRef(namespace=metadata["namespace"], name=metadata["name"])
    return wait_until(
        lambda: (
            engine.queue_place(ref, uid=metadata["uid"], queue="team-a")
            or port.QueuePlace(standing="unknown")
        ),
        until,
        what="the place of the job",
    )


def _without_repeats(states: list[str]) -> list[str]:
    return [state for index, state in enumerate(states) if states[index - 1 : index] != [state]]
