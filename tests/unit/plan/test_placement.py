"""Where pods may run, and what Kubernetes would refuse in it."""

from __future__ import annotations

import pytest

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.plan.network import Network
from tfjob_kit.plan.placement import Neighbours, Placement, Spread

ZONE = "topology.kubernetes.io/zone"
NODE = "kubernetes.io/hostname"
A100 = schema.GpuTypeConfig(
    node_selector={"gpu": "a100"}, tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]
)


def _place(**parts):
    return schema.PlacementConfig(**parts)


def test_a_plain_job_minds_nothing(make):
    job = make()
    nothing = Placement(service_account=None, scheduler=None, runtime_class=None, neighbours=(), spreads=())
    assert nothing == job.placement
    assert Network(is_host=False, devices=(), capabilities=()) == job.network


def test_node_and_zone_stand_for_their_labels(make):
    placement = _place(
        pack_by="zone",
        spread_by="node",
        topology_spread={"zone": 1, "example.com/rack": 2},
        strict=True,
        service_account="trainer",
        scheduler="volcano",
        runtime_class="nvidia",
    )
    assert make(placement=placement).placement == Placement(
        service_account="trainer",
        scheduler="volcano",
        runtime_class="nvidia",
        neighbours=(
            Neighbours(topology_key=ZONE, is_apart=False, is_strict=True),
            Neighbours(topology_key=NODE, is_apart=True, is_strict=True),
        ),
        spreads=(
            Spread(topology_key=ZONE, max_skew=1, is_strict=True),
            Spread(topology_key="example.com/rack", max_skew=2, is_strict=True),
        ),
    )


def test_tolerations_of_site_type_and_run_come_once_each(make):
    batch, gpu = {"key": "batch", "operator": "Exists"}, {"key": "nvidia.com/gpu", "operator": "Exists"}
    spot = {"key": "spot", "value": "true", "effect": "NoSchedule"}
    job = make(
        "A100:2",
        site=schema.SiteConfig(gpu_types={"A100": A100}, tolerations=[batch]),
        placement=_place(tolerations=[spot, gpu, batch]),
    )
    assert job.chief.tolerations == (batch, gpu, spot)


def test_a_selector_that_the_gpu_type_excludes_is_refused(make):
    site = schema.SiteConfig(gpu_types={"A100": A100})
    assert make("A100:2", site=site, placement=_place(node_selector={"gpu": "a100"})).chief.node_selector == {
        "gpu": "a100"
    }
    with pytest.raises(errors.InvalidValue, match="have `gpu=a100`, not `v100`") as caught:
        make("A100:2", site=site, placement=_place(node_selector={"gpu": "v100"}))
    assert caught.value.where == "placement.node_selector.gpu"


@pytest.mark.parametrize(
    ("placement", "where", "message"),
    [
        (_place(node_selector={"a b": "c"}), "placement.node_selector.a b", "`a b` cannot be a label's key"),
        (_place(node_selector={"A.com/b": "c"}), "placement.node_selector.A.com/b", "`A.com/b`"),
        (_place(node_selector={"a": "b c"}), "placement.node_selector.a", "`b c` cannot be a label's value"),
        (_place(pack_by="the node"), "placement.pack_by", "`the node`"),
        (_place(spread_by=""), "placement.spread_by", "``"),
        (_place(pack_by="node", spread_by=NODE), "placement.spread_by", "together and apart"),
        (_place(topology_spread={"zone": 0}), "placement.topology_spread.zone", "a difference of 0"),
        (_place(topology_spread={"a b": 1}), "placement.topology_spread.a b", "`a b`"),
        (_place(service_account="Me"), "placement.service_account", "name of a ServiceAccount"),
        (_place(scheduler="a b"), "placement.scheduler", "name of a scheduler"),
        (_place(runtime_class="-"), "placement.runtime_class", "name of a RuntimeClass"),
    ],
)
def test_a_placement_that_cannot_be_is_refused(make, placement, where, message):
    with pytest.raises(errors.InvalidValue) as caught:
        make(placement=placement)
    assert caught.value.where == where
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("toleration", "message", "nearest"),
    [
        ({"keys": "a"}, "a toleration has no `keys`", ("key",)),
        ({"key": "a", "operator": "Exist"}, "`Exist` is no operator", ("Exists",)),
        ({"key": "a", "effect": "NoSchedul"}, "`NoSchedul` is no effect", ("NoSchedule",)),
        ({"effect": "NoSchedule"}, "without `key`", ()),
        ({"key": "a", "operator": "Exists", "value": "b"}, "takes any value, not `b`", ()),
        ({"key": "a b", "operator": "Exists"}, "`a b` cannot be a label's key", ()),
        ({"key": "a", "value": True}, "`value` of a toleration is text, not `True`", ()),
        ({"key": "a", "operator": "Exists", "tolerationSeconds": 60}, "`effect: NoExecute` alone", ()),
        (
            {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "1m"},
            "a whole number, not `1m`",
            (),
        ),
    ],
)
def test_a_toleration_that_no_pod_may_have_is_refused(make, toleration, message, nearest):
    with pytest.raises(errors.InvalidValue) as caught:
        make(placement=_place(tolerations=[{"operator": "Exists"}, toleration]))
    assert caught.value.where == "placement.tolerations[1]"
    assert message in caught.value.message
    assert caught.value.nearest == nearest


def test_tolerations_of_the_site_are_checked_where_they_stand(make):
    bad = [{"operator": "Equal"}]
    with pytest.raises(errors.InvalidValue) as caught:
        make(site=schema.SiteConfig(tolerations=bad))
    assert caught.value.where == "site.tolerations[0]"
    with pytest.raises(errors.InvalidValue) as caught:
        make("A:2", site=schema.SiteConfig(gpu_types={"A": schema.GpuTypeConfig(tolerations=bad)}))
    assert caught.value.where == "site.gpu_types.A.tolerations[0]"


def test_an_rdma_device_brings_its_capability(make):
    job = make(communication=schema.CommunicationConfig(rdma_resource="rdma/hca_shared_devices_a"))
    assert job.network == Network(
        is_host=False, devices=("rdma/hca_shared_devices_a",), capabilities=("IPC_LOCK",)
    )
    assert all(role.resources["rdma/hca_shared_devices_a"] == "1" for role in job.roles)


@pytest.mark.parametrize(
    ("resource", "extra", "message"),
    [
        ("hca", {}, "`hca` cannot be the resource of a device"),
        ("rdma/", {}, "`rdma/` cannot be"),
        ("rdma/hca", {"rdma/hca": "1"}, "asked for in `resources.extra` too"),
    ],
)
def test_an_rdma_device_that_cannot_be_is_refused(make, resource, extra, message):
    with pytest.raises(errors.InvalidValue) as caught:
        make(
            communication=schema.CommunicationConfig(rdma_resource=resource),
            resources=schema.ResourcesConfig(extra=extra),
        )
    assert caught.value.where == "communication.rdma_resource"
    assert message in caught.value.message


def test_replicas_with_the_network_of_their_node_do_not_fit_on_one(make):
    on_host = schema.CommunicationConfig(host_network=True)
    assert make(communication=on_host, placement=_place(pack_by="zone")).network.is_host
    with pytest.raises(errors.InvalidValue, match="no two fit on one node") as caught:
        make(communication=on_host, placement=_place(pack_by="node"))
    assert caught.value.where == "placement.pack_by"


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"site": schema.SiteConfig(image_pull_secrets=["ok", "Bad"])}, "site.image_pull_secrets[1]"),
        ({"job": schema.JobConfig(priority_class="very high")}, "job.priority_class"),
    ],
)
def test_other_names_are_checked_too(make, parts, where):
    with pytest.raises(errors.InvalidValue) as caught:
        make(**parts)
    assert caught.value.where == where
