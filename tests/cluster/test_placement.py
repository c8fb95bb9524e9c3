"""On the real scheduler and operator: pods go where `placement` and `communication` ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.api import wait_until
from harness.drive import Drive

from tfjob_kit import manifest, plan
from tfjob_kit.config import compose

pytestmark = pytest.mark.cluster


def start(drive: Drive, folder: Path, *overrides: str, replicas: int = 3) -> list[dict[str, Any]]:
    """Sends the job; its pods once each has a node or the scheduler has said why not."""
    sizes = ["gpus=0", f"replicas={replicas}", f"train.global_batch_size={replicas}"]
    config = compose([*sizes, *overrides], cwd=folder).config
    job = manifest.build_tfjob(
        plan.make_plan(config, name="job", suffix="", default_namespace=drive.namespace)
    )
    drive.api.request("POST", f"/apis/kubeflow.org/v1/namespaces/{drive.namespace}/tfjobs", job)
    return wait_until(
        lambda: drive.pods("job"),
        lambda pods: len(pods) == replicas and all(node_of(pod) or why_not(pod) for pod in pods),
        what="every pod is scheduled or is known not to be",
    )


def node_of(pod: dict[str, Any]) -> str | None:
    return pod["spec"].get("nodeName")


def why_not(pod: dict[str, Any]) -> str:
    conditions = pod["status"].get("conditions") or []
    said = (
        c.get("message", "") for c in conditions if c["type"] == "PodScheduled" and c["status"] == "False"
    )
    return next(said, "")


def test_replicas_that_must_be_together_do_start_and_share_a_node(drive: Drive, tmp_path: Path) -> None:
    pods = start(drive, tmp_path, "placement.pack_by=node", "placement.strict=true")
    assert 1 == len({node_of(pod) for pod in pods} - {None})
    assert [] == [why_not(pod) for pod in pods if not node_of(pod)]


@pytest.mark.parametrize("wish", ["placement.spread_by=node", "placement.topology_spread={node: 1}"])
def test_replicas_that_must_be_apart_have_a_node_each(drive: Drive, tmp_path: Path, wish: str) -> None:
    pods = start(drive, tmp_path, wish, "placement.strict=true")
    assert 3 == len({node_of(pod) for pod in pods} - {None})


def test_one_replica_too_many_to_be_apart_waits(drive: Drive, tmp_path: Path) -> None:
    pods = start(drive, tmp_path, "placement.spread_by=node", "placement.strict=true", replicas=4)
    (waits,) = [pod for pod in pods if not node_of(pod)]
    assert "didn't match pod anti-affinity rules" in why_not(waits)


def test_what_is_only_wished_for_keeps_nobody_waiting(drive: Drive, tmp_path: Path) -> None:
    pods = start(drive, tmp_path, "placement.spread_by=node", replicas=4)
    assert 3 == len({node_of(pod) for pod in pods})
    assert all(node_of(pod) for pod in pods)


def test_replicas_with_the_network_of_their_node_collide_on_its_ports(drive: Drive, tmp_path: Path) -> None:
    pods = start(drive, tmp_path, "communication.host_network=true", replicas=4)
    assert 3 == len({node_of(pod) for pod in pods} - {None})
    (waits,) = [pod for pod in pods if not node_of(pod)]
    assert "didn't have free ports for the requested pod ports" in why_not(waits)
