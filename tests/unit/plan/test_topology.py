from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors, plan
from tfjob_kit.config import schema


@pytest.mark.parametrize(
    ("size", "replicas", "expected"),
    [
        ("1", None, (1, 1)),
        ("4", None, (4, 1)),
        ("2x4", None, (2, 4)),
        ("1x8", None, (1, 8)),
        ("0", None, (1, 0)),
        ("0", 2, (2, 0)),
        ("8", 2, (2, 4)),
        ("8", 8, (8, 1)),
        ("8", 1, (1, 8)),
        ("2x4", 2, (2, 4)),
    ],
)
def test_gpus_are_shared_among_replicas(make, size, replicas, expected):
    topology = make(size, replicas=replicas).topology
    assert (topology.replicas, topology.gpus_per_replica) == expected


def test_one_replica_is_the_chief_and_no_empty_role_is_written(make):
    assert [("Chief", 1)] == [(role.name, role.replicas) for role in make(1).roles]
    assert [("Chief", 1), ("Worker", 3)] == [(role.name, role.replicas) for role in make(4).roles]


@pytest.mark.parametrize(
    ("size", "replicas", "batch", "message", "nearest"),
    [
        ("8", 3, 64, "3 replicas cannot share 8 GPUs evenly", ("gpus=6", "gpus=9")),
        ("2", 4, 64, "4 replicas cannot share 2 GPUs evenly", ("gpus=4",)),
        ("2x4", 4, 64, "`gpus=2x4` means 2 replicas, not 4", ()),
        ("A100:8", 3, 64, "3 replicas cannot share 8 GPUs evenly", ("gpus=A100:6", "gpus=A100:9")),
        ("A100:2x4", 4, 64, "`gpus=A100:2x4` means 2 replicas, not 4", ()),
        ("3", None, 64, "a global batch of 64 examples cannot be divided among 3 GPUs", ("63", "66")),
        ("8", None, 4, "a global batch of 4 examples cannot be divided among 8 GPUs", ("8",)),
        ("0", 3, 64, "a global batch of 64 examples cannot be divided among 3 CPU replicas", ("63", "66")),
    ],
)
def test_what_cannot_be_shared_is_refused_with_what_can(make, size, replicas, batch, message, nearest):
    site = schema.SiteConfig(gpu_types={"A100": schema.GpuTypeConfig()})
    with pytest.raises(errors.RefusedError) as caught:
        make(size, replicas=replicas, train=schema.TrainConfig(global_batch_size=batch), site=site)
    assert message == caught.value.message
    assert nearest == caught.value.nearest
    assert caught.value.hint


def test_the_batch_of_ones_own_program_is_ones_own_business(make):
    assert make(3, command=["python", "train.py"]).topology.gpus == 3


def test_a_gpu_type_brings_its_resource_and_its_nodes(make):
    a100 = schema.GpuTypeConfig(resource="nvidia.com/mig-1g.10gb", node_selector={"gpu": "a100"})
    placement = schema.PlacementConfig(node_selector={"zone": "a"})
    site = schema.SiteConfig(gpu_types={"A100": a100})
    job = make("A100:2", site=site, placement=placement)
    assert job.chief.resources["nvidia.com/mig-1g.10gb"] == "1"
    assert job.chief.node_selector == {"gpu": "a100", "zone": "a"}


def test_an_unknown_gpu_type_is_refused_with_the_nearest(make):
    site = schema.SiteConfig(gpu_types={"A100": schema.GpuTypeConfig(), "H100": schema.GpuTypeConfig()})
    with pytest.raises(errors.UnknownChoice) as caught:
        make("A10:2", site=site)
    assert caught.value.message == "no GPU type `A10` in this cluster"
    assert caught.value.nearest[0] == "gpus=A100:2"
    assert caught.value.hint == "`site.gpu_types` has A100, H100"
    with pytest.raises(errors.UnknownChoice) as caught:
        make("A10:2x4")
    assert caught.value.hint == "`site.gpu_types` has none: define it there, or take any GPU: `gpus=2x4`"


@pytest.mark.parametrize(
    ("name", "first"), [("T4", "T4-shared"), ("a100-80gb", "A100-80GB"), ("A100", "A100-80GB"), ("L40", "L4")]
)
def test_a_type_is_found_by_its_beginning_whatever_its_case(make, name, first):
    types = {each: schema.GpuTypeConfig() for each in ("A100-80GB", "L4", "T4-shared")}
    with pytest.raises(errors.UnknownChoice) as caught:
        make(f"{name}:2x4", site=schema.SiteConfig(gpu_types=types))
    assert caught.value.nearest[0] == f"gpus={first}:2x4"


def test_no_gpu_has_no_type(make):
    with pytest.raises(errors.InvalidValue, match="a job without GPUs has no GPU type `A100`"):
        make("A100:0", site=schema.SiteConfig(gpu_types={"A100": schema.GpuTypeConfig()}))


@pytest.mark.parametrize("profile", ["mig-1g.10gb", "mig-1c.3g.20gb", "mig-1g.10gb.me"])
def test_a_mig_profile_is_a_resource_by_itself(make, profile):
    job = make(f"{profile}:2")
    assert job.chief.resources == {"cpu": "4", "memory": "16Gi", f"nvidia.com/{profile}": "1"}
    assert job.topology.gpu_type.is_mig
    assert job.topology.replicas == 2


@pytest.mark.parametrize("name", ["mig-1g", "mig-10gb", "mig-1g.10gb2"])
def test_what_is_no_mig_profile_is_refused(make, name):
    with pytest.raises(errors.UnknownChoice, match="is no MIG profile"):
        make(f"{name}:2")


def test_the_site_may_give_a_mig_profile_its_own_nodes(make):
    kind = schema.GpuTypeConfig(resource="nvidia.com/gpu", node_selector={"gpu": "mig"})
    job = make("mig-1g.10gb:2x2", site=schema.SiteConfig(gpu_types={"mig-1g.10gb": kind}))
    assert job.chief.resources["nvidia.com/gpu"] == "2"
    assert job.chief.node_selector == {"gpu": "mig"}


SHARED = schema.SiteConfig(
    gpu_types={
        "T4-shared": schema.GpuTypeConfig(resource="nvidia.com/gpu.shared", shared=True),
        "slice": schema.GpuTypeConfig(resource="nvidia.com/mig-2g.20gb"),
    }
)


@pytest.mark.parametrize(
    ("size", "replicas", "message", "hint"),
    [
        ("mig-1g.10gb:2x4", None, "a replica with 4 MIG devices would train on one", "`gpus=mig-1g.10gb:8`"),
        ("mig-1g.10gb:2", 1, "a replica with 2 MIG devices would train on one", "`gpus=mig-1g.10gb:2`"),
        ("slice:1x2", None, "a replica with 2 MIG devices", "`gpus=slice:2`"),
        (
            "T4-shared:2x2",
            None,
            "2 shares of `T4-shared` give a replica no more than one",
            "`gpus=T4-shared:4`",
        ),
    ],
)
def test_more_than_a_replica_can_use_is_refused(make, size, replicas, message, hint):
    with pytest.raises(errors.RefusedError) as caught:
        make(size, replicas=replicas, site=SHARED)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.where == "gpus"


def test_the_sites_plain_gpu_may_be_a_mig_device(make):
    site = schema.SiteConfig(gpu_resource="nvidia.com/mig-1g.10gb")
    assert make(2, site=site).topology.gpu_type.noun == "MIG device"
    with pytest.raises(errors.RefusedError, match="2 MIG devices") as caught:
        make("1x2", site=site)
    assert "`gpus=2`" in caught.value.hint


def test_a_memory_limit_above_what_the_type_has_is_refused(make):
    site = schema.SiteConfig(gpu_types={"T4-shared": schema.GpuTypeConfig(shared=True, memory_mib=3840)})
    memory = schema.GpuMemoryConfig(mode=schema.GpuMemoryMode.limit, limit_mib=3840)
    assert make("T4-shared:2", site=site, gpu_memory=memory).topology.gpu_type.is_shared
    memory = schema.GpuMemoryConfig(mode=schema.GpuMemoryMode.limit, limit_mib=3841)
    with pytest.raises(errors.RefusedError, match="3841 MiB is more than a shared GPU of type") as caught:
        make("T4-shared:2", site=site, gpu_memory=memory)
    assert caught.value.where == "gpu_memory.limit_mib"
    assert "`gpu_memory.limit_mib=3456`" in caught.value.hint
    assert make(2, gpu_memory=memory).gpus == 2


@pytest.mark.parametrize(
    ("site", "where"),
    [
        (schema.SiteConfig(gpu_resource="gpu"), "site.gpu_resource"),
        (schema.SiteConfig(gpu_resource="kubernetes.io/gpu"), "site.gpu_resource"),
        (schema.SiteConfig(gpu_resource="Nvidia.com/gpu"), "site.gpu_resource"),
        (
            schema.SiteConfig(gpu_types={"A": schema.GpuTypeConfig(resource="nvidia.com/")}),
            "site.gpu_types.A.resource",
        ),
        (
            schema.SiteConfig(gpu_types={"A": schema.GpuTypeConfig(node_selector={"gpu": "a b"})}),
            "site.gpu_types.A.node_selector.gpu",
        ),
    ],
)
def test_a_site_whose_gpus_cannot_be_is_refused(make, site, where):
    with pytest.raises(errors.InvalidValue) as caught:
        make("A:2" if site.gpu_types else 2, site=site)
    assert caught.value.where == where


@given(replicas=st.integers(1, 64), each=st.integers(0, 8), batch=st.integers(1, 4096))
def test_a_plan_never_loses_a_gpu_or_an_example(replicas, each, batch):
    size = schema.Size(replicas=replicas if each else 0, per_replica=each)
    config = schema.RunConfig(gpus=size, replicas=replicas, train=schema.TrainConfig(global_batch_size=batch))
    devices = replicas * max(each, 1)
    if batch % devices:
        with pytest.raises(errors.RefusedError) as caught:
            plan.make_plan(config, name="job", suffix="", config_yaml="")
        assert all(int(number) % devices == 0 for number in caught.value.nearest)
        return
    topology = plan.make_plan(config, name="job", suffix="", config_yaml="").topology
    assert (topology.replicas, topology.gpus) == (replicas, replicas * each)
    assert topology.batch_per_device * topology.devices == batch
