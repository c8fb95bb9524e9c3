"""TensorBoard of a job: the object, and clusters that have none."""

from __future__ import annotations

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.fake import FakeCluster
from tfjob_kit.cluster.port import JobRef, PodRef
from tfjob_kit.jobs.board import check_reach, make_board, open_board, show_board
from tfjob_kit.jobs.output import find_output

from .planned import planned_job

REF = JobRef(namespace="default", name="train")


def board_of(*overrides: str) -> dict[str, object]:
    return make_board(REF, find_output(planned_job(*overrides), keeps_scratch=False))


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        (["output.claim=data"], "pvc://data/tensorboard"),
        (
            ["+volumes.disk={mount_path: /mnt, claim: data}", "output.dir=/mnt/runs/a"],
            "pvc://data/runs/a/tensorboard",
        ),
    ],
)
def test_the_object_points_into_the_claim(overrides: list[str], path: str) -> None:
    board = board_of(*overrides)
    assert ("Tensorboard", {"logspath": path}) == (board["kind"], board["spec"])


@pytest.mark.parametrize(
    ("phase", "hint"),
    [("Running", "kubectl -n default cp train-chief-0:/output/tensorboard"), ("Failed", "does not run")],
)
def test_output_in_no_claim_cannot_be_shown(phase: str, hint: str) -> None:
    cluster = FakeCluster()
    job = cluster.create(planned_job())
    chief = PodRef(job=REF, role="chief", index=0)
    cluster.start(chief)
    if phase == "Failed":
        cluster.exit(chief, 1)
    with pytest.raises(errors.RefusedError, match="its output is in no claim") as caught:
        check_reach(cluster, REF, find_output(job, keeps_scratch=False))
    assert hint in (caught.value.hint or "")


def test_the_object_belongs_to_the_job_and_is_made_once() -> None:
    cluster = FakeCluster()
    cluster.create(planned_job("output.claim=data"))
    for _ in range(2):
        open_board(cluster, REF, board_of("output.claim=data"))
    (stored,) = cluster.companions(REF)
    assert cluster.get(REF)["metadata"]["uid"] == stored["metadata"]["ownerReferences"][0]["uid"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_cluster_without_kubeflow_is_known(status: int) -> None:
    cluster = FakeCluster()
    cluster.create(planned_job("output.claim=data"))
    cluster.fail_next("put_companion", errors.ClusterError("no", status=status))
    assert not open_board(cluster, REF, board_of("output.claim=data"))


def test_an_engine_without_pods_elsewhere_refuses() -> None:
    cluster = FakeCluster()
    job = cluster.create(planned_job("output.claim=data"))
    output = find_output(job, keeps_scratch=False)
    with pytest.raises(errors.RefusedError, match="the engine fake cannot run TensorBoard"):
        show_board(cluster, job, output, local=0, on_open=lambda host, number: None)
