"""Parts of a cluster that are missing, or away for a while, on planes of these tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from harness import operator_objects
from harness.api import Refused, wait_until
from harness.drive import Drive, make_namespace
from harness.nodes import FakeNode
from harness.plane import Plane
from scenes import Scene, expected_replica, expected_view, has_ended, make_job

from tfjob_kit import errors
from tfjob_kit.cluster import kube
from tfjob_kit.jobs.events import LogLine

pytestmark = pytest.mark.cluster

_SERVED = f"/apis/kubeflow.org/v1/namespaces/default/{operator_objects.TFJOB_CRD.partition('.')[0]}"


@pytest.fixture(scope="module")
def bare(start_plane: Callable[..., Plane]) -> Plane:
    """A cluster on which nobody has installed the training-operator."""
    return start_plane(nodes=(), operator=False, kwok=False)


@pytest.fixture
def crd(bare: Plane) -> Iterator[None]:
    """TFJobs can be stored, though nobody takes them up."""
    operator_objects.install_crd(bare.api, bare.binaries)
    wait_until(lambda: _is_served(bare))
    yield
    bare.req("DELETE", f"{operator_objects.CRD_PATH}/{operator_objects.TFJOB_CRD}")
    wait_until(lambda: not _is_served(bare))


@pytest.fixture(scope="module")
def own(start_plane: Callable[..., Plane]) -> Plane:
    """A whole cluster whose parts a test may stop."""
    return start_plane(nodes=(FakeNode(name="gpu-0"),))


@pytest.fixture
def scene_on() -> Iterator[Callable[[Plane], Scene]]:
    """A job of a plane's namespace `default`."""
    scenes: list[Scene] = []

    def make(plane: Plane) -> Scene:
        name = f"outage-{len(list(plane.req('GET', '/api/v1/namespaces')['items']))}"
        make_namespace(plane.api, name)
        engine = kube.connect(kubeconfig=plane.kubeconfig, namespace=name, environ={})
        scenes.append(Scene(engine, Drive(plane.api, name, plane.logs)))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


def test_a_cluster_without_the_operators_crd_is_named_as_such(
    bare: Plane, scene_on: Callable[[Plane], Scene]
) -> None:
    scene = scene_on(bare)
    for call in (
        lambda: scene.cluster.create(make_job()),
        lambda: scene.cluster.list(),
        lambda: scene.cluster.get(scene.ref),
    ):
        with pytest.raises(errors.CrdMissing) as caught:
            call()
        assert "training-operator" in f"{caught.value.message} {caught.value.hint}"


def test_a_job_that_no_operator_takes_up_is_said_once(
    bare: Plane, crd: None, scene_on: Callable[[Plane], Scene]
) -> None:
    scene = scene_on(bare)
    scene.begin(make_job(), silence=0.5)
    scene.until_notice("has not taken up job")
    assert (
        expected_view(
            scene.ref,
            state="Pending",
            reason=None,
            message=None,
            started=None,
            gpus=2,
            replicas=tuple(
                expected_replica(scene.ref, name, "Missing", node=None, run=None, started=None)
                for name in ("chief-0", "worker-0")
            ),
        )
        == scene.view()
    )
    scene.cluster.delete(scene.ref)
    told = scene.end()
    assert 1 == len(told.notices)
    assert told.notices[0].startswith("the training-operator has not taken up job within 0.5 s")


def test_an_api_server_that_restarts_costs_no_line_and_doubles_none(
    own: Plane, scene_on: Callable[[Plane], Scene]
) -> None:
    scene = scene_on(own)
    scene.begin(make_job())
    scene.drive.wait_running("job", 2)
    scene.until_state("Running")
    scene.drive.write("job-chief-0", "before")
    scene.until(lambda events: any(isinstance(e, LogLine) for e in events))
    own.stop_component("apiserver")
    own.start_component("apiserver")
    scene.drive.write("job-chief-0", "after")
    scene.until(lambda events: 2 == sum(isinstance(e, LogLine) for e in events))
    scene.drive.exit("job-worker-0", 0)
    scene.drive.exit("job-chief-0", 0)
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert {"chief-0": ["before", "after"]} == told.lines
    done = (expected_replica(scene.ref, name, **has_ended(0)) for name in ("chief-0", "worker-0"))
    assert expected_view(scene.ref, state="Succeeded", replicas=tuple(done)) == scene.view()


@pytest.mark.slow
def test_an_operator_that_is_down_refuses_jobs_by_its_webhook_and_catches_up_later(
    own: Plane, scene_on: Callable[[Plane], Scene]
) -> None:
    scene = scene_on(own)
    scene.begin(make_job())
    scene.drive.wait_running("job", 2)
    scene.until_state("Running")
    own.stop_component("operator")
    with pytest.raises(errors.ClusterError) as caught:
        scene.cluster.create(make_job("second"))
    assert "webhook" in caught.value.message
    scene.drive.exit("job-worker-0", 0)
    scene.drive.exit("job-chief-0", 0)
    scene.until_replica("chief-0", "Succeeded")
    assert "Running" == scene.view().state
    own.start_component("operator")
    told = scene.end()
    assert ["Running", "Succeeded"] == told.states
    assert ["job"] == [job["metadata"]["name"] for job in scene.cluster.list(namespace=scene.ref.namespace)]


def _is_served(plane: Plane) -> bool:
    """Whether TFJobs can be listed; the server says 404 before, and that it is too busy in between."""
    try:
        plane.req("GET", _SERVED)
    except Refused:
        return False
    return True
