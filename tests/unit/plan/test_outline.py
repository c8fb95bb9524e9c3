"""The plan as rows for people."""

from __future__ import annotations

import dataclasses

import pytest

from tfjob_kit import plan
from tfjob_kit.config import plain, schema


@pytest.fixture
def rows():
    """The outline of a run of that size, as a dict."""

    def outline(size: str = "2", *, has_images: bool = True, keeps_scratch: bool = False, **parts):
        gpus = plain.parse_size(size)
        assert gpus is not None
        start = schema.RunConfig(gpus=gpus, model=schema.ModelConfig(name="net"))
        config = dataclasses.replace(start, **parts)
        made = plan.make_plan(config, name="job", suffix="", config_yaml="")
        return dict(
            plan.outline_plan(made, config=config, has_images=has_images, keeps_scratch=keeps_scratch)
        )

    return outline


def test_a_plain_run_on_a_cluster(rows):
    assert {
        "creates": "tfjob/job in namespace default",
        "image": "tfjob-kit/runtime:0.1.0",
        "replica": "4 CPU, 16Gi memory, 1 nvidia.com/gpu",
        "checkpoints": "/output/checkpoints, gone with the chief's pod: no claim",
    } == rows()


def test_on_this_machine_images_and_nodes_mean_nothing(rows):
    placed = schema.PlacementConfig(node_selector={"gpu": "a100"})
    assert {
        "creates": "tfjob/job in namespace default",
        "checkpoints": "/output/checkpoints, kept with the job",
    } == rows(has_images=False, keeps_scratch=True, placement=placed, job=schema.JobConfig(queue="q"))


def test_what_matters_more_is_said(rows):
    found = rows(
        job=schema.JobConfig(queue="research", protect_from_drain=True),
        placement=schema.PlacementConfig(node_selector={"gpu": "a100"}),
        output=schema.OutputConfig(claim="results"),
    )
    assert "tfjob/job in namespace default, poddisruptionbudget/job" == found["creates"]
    assert "research" == found["queue"]
    assert "nodes with gpu=a100" == found["where"]
    assert "/output/checkpoints in claim `results`" == found["checkpoints"]
    assert "until `tfjob-kit resume`" == rows(job=schema.JobConfig(suspend=True))["suspended"]


def test_the_output_of_an_own_command_is_a_directory(rows):
    volumes = {"data": schema.VolumeConfig(mount_path="/data", host_path="/mnt/data")}
    output = schema.OutputConfig(dir="/data/results")
    found = rows(command=["python", "train.py"], volumes=volumes, output=output)
    assert "/data/results in directory `/mnt/data` of the node" == found["output"]
    assert "checkpoints" not in found


def test_neighbours_cards_and_networks_are_said(rows):
    site = schema.SiteConfig(gpu_types={"T4": schema.GpuTypeConfig(shared=True)})
    placement = schema.PlacementConfig(
        node_selector={"gpu": "t4"}, pack_by="zone", spread_by="node", topology_spread={"example.com/rack": 1}
    )
    communication = schema.CommunicationConfig(rdma_resource="rdma/hca", host_network=True)
    found = rows("T4:2", site=site, placement=placement, communication=communication)
    assert (
        "nodes with gpu=t4; together by zone and apart by node and evenly by example.com/rack, if possible"
        == (found["where"])
    )
    assert found["gpus"].startswith("time-sliced: several replicas")
    assert (
        "of the node, ports 2222, 2223, 2224 included: no two such replicas on one node; RDMA by rdma/hca"
        == found["network"]
    )
    strict = schema.PlacementConfig(pack_by="node", strict=True)
    assert "together by node, or not at all" == rows(placement=strict)["where"]
    here = rows("T4:2", has_images=False, site=site, placement=placement, communication=communication)
    assert {"gpus", "where", "network"}.isdisjoint(here)


def test_an_nfs_export_keeps_the_output(rows):
    volumes = {"data": schema.VolumeConfig(mount_path="/output", nfs="nas:/runs")}
    assert "/output/checkpoints in NFS export `nas:/runs`" == rows(volumes=volumes)["checkpoints"]


def test_the_image_is_the_one_that_an_overlay_says(rows):
    def overlay(image):
        return {"spec": {"containers": [{"name": "log"}, {"name": "tensorflow", "image": image}]}}

    every = schema.OverlayConfig(all=overlay("mine:1"))
    assert "mine:1" == rows(overlay=every)["image"]
    one = schema.OverlayConfig(worker=overlay("mine:2"))
    assert "chief: tfjob-kit/runtime:0.1.0; worker: mine:2" == rows(overlay=one)["image"]


def test_what_differs_by_role_is_said_by_role(rows):
    job = schema.JobConfig(
        evaluator=True, queue="q", queue_priority="low", gang=schema.GangConfig(enabled=True)
    )
    found = rows(command=["train"], job=job, sidecars={"log": schema.SidecarConfig(image="l:1")})
    assert {
        "replica": "chief and worker: 4 CPU, 16Gi memory, 1 nvidia.com/gpu; evaluator: 4 CPU, 16Gi memory",
        "sidecars": "log (l:1)",
        "queue": "q, priority low",
        "gang": "all start together, if the operator has a gang scheduler",
    }.items() <= found.items()
