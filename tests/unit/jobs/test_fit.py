"""Whether a job fits into a cluster: tables of clusters, and a search of all placements to compare with."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit.cluster.port import Capacity
from tfjob_kit.jobs.demand import requests_of
from tfjob_kit.jobs.fit import judge_fit

from .planned import planned_job

GPU = "nvidia.com/gpu"


def job(
    chief: int = 1, worker: int = 3, *, gpus: int = 1, memory: str = "16Gi", **spec: Any
) -> dict[str, Any]:
    limits = {"cpu": "4", "memory": memory} | ({GPU: str(gpus)} if gpus else {})
    container = {"name": "tensorflow", "resources": {"limits": limits, "requests": dict(limits)}}
    template = {"spec": {"containers": [container], **spec}}
    roles = {"Chief": chief, "Worker": worker}
    return {
        "spec": {"tfReplicaSpecs": {r: {"replicas": n, "template": template} for r, n in roles.items() if n}}
    }


def node(
    name: str = "a", *, gpus: int = 4, taints: Any = (), ready: bool = True, **spec: Any
) -> dict[str, Any]:
    labels = spec.pop("labels", {})
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": list(taints), **spec},
        "status": {
            "allocatable": {"cpu": "64", "memory": "256Gi", GPU: str(gpus), "pods": "110"},
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def pod(on: str = "a", *, gpus: int = 1, phase: str = "Running") -> dict[str, Any]:
    container = {"name": "c", "resources": {"limits": {GPU: str(gpus)}}}
    return {"spec": {"nodeName": on, "containers": [container]}, "status": {"phase": phase}}


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "team"},
        "spec": {"hard": hard, **spec},
        "status": {"hard": hard, "used": used or {}},
    }


def capacity(*nodes: Any, pods: Any = (), quotas: Any = ()) -> Capacity:
    return Capacity(nodes=list(nodes), pods=list(pods), quotas=list(quotas))


A100 = {"gpu": "a100"}
TAINT = {"key": "gpu", "value": "only", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("asked", "there", "verdict", "text"),
    [
        (job(), capacity(node()), "fits", "fits now: 4 of 4 nvidia.com/gpu free"),
        (
            job(),
            capacity(node("a", gpus=2), node("b", gpus=2)),
            "fits",
            "fits now: 4 of 4 nvidia.com/gpu free",
        ),
        (job(), capacity(node(), pods=[pod()]), "waits", "3 of 4 replicas fit now"),
        (job(), capacity(node(), pods=[pod()]), "waits", "3 of 4 nvidia.com/gpu free"),
        (job(), capacity(node(), pods=[pod(phase="Succeeded")]), "fits", "4 of 4"),
        (job(), capacity(node(), pods=[pod(on="elsewhere")]), "fits", "4 of 4"),
        (job(gpus=0), capacity(node(gpus=0)), "fits", "fits now: 64 of 64 cpu free"),
        (job(), capacity(), "never", "the cluster has no nodes"),
        (
            job(gpus=8, worker=0),
            capacity(node("a"), node("b")),
            "never",
            "a replica needs 8 nvidia.com/gpu, the largest of 2 nodes has 4",
        ),
        (
            job(gpus=8, worker=0),
            capacity(node()),
            "never",
            "a replica needs 8 nvidia.com/gpu, the node has 4",
        ),
        (
            job(gpus=3, worker=1),
            capacity(node("a"), node("b", gpus=2)),
            "never",
            "2 replicas with 3 nvidia.com/gpu each: the 2 nodes can hold 1 when empty",
        ),
        (job(), capacity(node(gpus=0)), "never", "a replica needs 1 nvidia.com/gpu, the node has 0"),
        (
            job(memory="300Gi"),
            capacity(node()),
            "never",
            "a replica needs 300 GiB memory, the node has 256 GiB",
        ),
        (job(nodeSelector=A100), capacity(node()), "never", "no node has the labels gpu=a100"),
        (job(nodeSelector=A100), capacity(node(labels=A100)), "fits", "4 of 4"),
        (
            job(nodeSelector=A100),
            capacity(node("a", labels=A100, gpus=2), node("b")),
            "never",
            "the node can hold 2 when empty",
        ),
        (
            job(),
            capacity(node(taints=[TAINT])),
            "never",
            "every node that it may use is tainted: gpu=only:NoSchedule",
        ),
        (
            job(tolerations=[{"key": "gpu", "operator": "Exists"}]),
            capacity(node(taints=[TAINT])),
            "fits",
            "4 of 4",
        ),
        (job(tolerations=[{"key": "gpu", "value": "only"}]), capacity(node(taints=[TAINT])), "fits", ""),
        (
            job(tolerations=[{"key": "gpu", "value": "other"}]),
            capacity(node(taints=[TAINT])),
            "never",
            "tainted",
        ),
        (
            job(tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}]),
            capacity(node(taints=[TAINT])),
            "never",
            "tainted",
        ),
        (job(tolerations=[{"operator": "Exists"}]), capacity(node(taints=[TAINT])), "fits", ""),
        (job(), capacity(node(taints=[{**TAINT, "effect": "PreferNoSchedule"}])), "fits", ""),
        # A cordoned or unready node may come back: it waits.
        (
            job(),
            capacity(node(unschedulable=True)),
            "waits",
            "0 of 4 replicas fit now, the others wait: 0 of 4",
        ),
        (job(), capacity(node(ready=False)), "waits", "0 of 4 replicas fit now"),
        (
            job(),
            capacity(node(taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}])),
            "waits",
            "0 of 4",
        ),
        (job(), capacity(node(), quotas=[quota({"requests.nvidia.com/gpu": "8"})]), "fits", ""),
        (
            job(),
            capacity(node(), quotas=[quota({"requests.nvidia.com/gpu": "2"})]),
            "never",
            "quota `team`: the job needs 4 requests.nvidia.com/gpu, it grants 2",
        ),
        (
            job(),
            capacity(
                node(), quotas=[quota({"requests.nvidia.com/gpu": "8"}, {"requests.nvidia.com/gpu": "6"})]
            ),
            "waits",
            "quota `team`: the job needs 4 requests.nvidia.com/gpu, 2 of 8 are left",
        ),
        (job(), capacity(node(), quotas=[quota({"pods": "3"})]), "never", "needs 4 pods, it grants 3"),
        (job(), capacity(node(), quotas=[quota({"count/tfjobs.kubeflow.org": "0"})]), "never", "grants 0"),
        (
            job(),
            capacity(node(), quotas=[quota({"limits.memory": "32Gi"})]),
            "never",
            "the job needs 64 GiB limits.memory, it grants 32 GiB",
        ),
        (job(), capacity(node(), quotas=[quota({"memory": "64Gi", "secrets": "0"})]), "fits", ""),
        (job(), capacity(node(), quotas=[quota({"pods": "0"}, scopes=["BestEffort"])]), "fits", ""),
    ],
)
def test_a_job_is_judged_against_a_cluster(asked, there, verdict, text):
    fit = judge_fit(asked, there)
    assert (verdict, True) == (fit.verdict, text in fit.text), fit


def planned(*overrides: str, replicas: int) -> dict[str, Any]:
    return planned_job("gpus=0", f"replicas={replicas}", f"train.global_batch_size={replicas}", *overrides)


APART = ("placement.spread_by=node", "placement.strict=true")
ON_HOST = "communication.host_network=true"
THREE = [node(name) for name in "abc"]


@pytest.mark.parametrize(
    ("asked", "pods", "verdict", "text"),
    [
        (planned(*APART, replicas=3), [], "fits", "fits now"),
        (
            planned(*APART, replicas=4),
            [],
            "never",
            "4 replicas, one to a node: the 3 nodes can hold 3 when empty",
        ),
        (planned("placement.spread_by=node", replicas=4), [], "fits", "fits now"),
        (planned("placement.spread_by=zone", "placement.strict=true", replicas=4), [], "fits", "fits now"),
        (planned(ON_HOST, replicas=3), [], "fits", "fits now"),
        (planned(ON_HOST, replicas=5), [], "never", "5 replicas, one to a node: the 3 nodes can hold 3"),
        (planned(ON_HOST, replicas=3), [2222], "waits", "2 of 3 replicas fit now"),
        (planned(ON_HOST, replicas=3), [80], "fits", "fits now"),
        (planned(replicas=3), [2222], "fits", "fits now"),
    ],
)
def test_what_a_node_has_one_of_is_counted(asked, pods, verdict, text):
    there = [
        {
            "spec": {"nodeName": "a", "hostNetwork": True, "containers": [{"ports": [{"containerPort": n}]}]},
            "status": {"phase": "Running"},
        }
        for n in pods
    ]
    fit = judge_fit(asked, capacity(*THREE, pods=there))
    assert (verdict, True) == (fit.verdict, text in fit.text), fit


def test_what_never_fits_comes_with_a_way_out():
    assert "site.autoscaling=true" in judge_fit(job(gpus=8), capacity(node())).hint
    assert "quota" in judge_fit(job(), capacity(node(), quotas=[quota({"pods": "1"})])).hint


def test_where_nodes_come_when_asked_for_a_job_waits_for_them():
    fit = judge_fit(job(gpus=8), capacity(node()), autoscaling=True)
    assert ("waits", True) == (fit.verdict, "a replica needs 8 nvidia.com/gpu" in fit.text)
    quotas = [quota({"pods": "1"})]
    assert "never" == judge_fit(job(), capacity(node(), quotas=quotas), autoscaling=True).verdict


def test_what_may_not_be_read_is_not_known():
    nothing = Capacity(nodes=None, pods=None, quotas=None)
    assert "unknown" == judge_fit(job(), nothing).verdict
    assert "unknown" == judge_fit(job(), Capacity(nodes=[node()], pods=None, quotas=None)).verdict
    assert "never" == judge_fit(job(gpus=8), Capacity(nodes=[node()], pods=None, quotas=None)).verdict
    quotas = [quota({"pods": "1"})]
    assert "never" == judge_fit(job(), Capacity(nodes=None, pods=None, quotas=quotas)).verdict


def test_requests_that_are_not_written_are_the_limits_and_sidecars_count():
    asked = job(worker=0, gpus=2)
    spec = asked["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]
    del spec["containers"][0]["resources"]["requests"]
    spec["containers"].append({"name": "sidecar", "resources": {"limits": {GPU: "1"}}})
    spec["initContainers"] = [{"name": "init", "resources": {"limits": {GPU: "4"}}}]
    assert "a replica needs 4 nvidia.com/gpu, the node has 3" == judge_fit(asked, capacity(node(gpus=3))).text


SIZES = st.lists(st.integers(0, 5), min_size=1, max_size=4)


def _container(cpu: str, **fields: Any) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **fields}


@pytest.mark.parametrize(
    ("init", "cpu"),
    [
        ([], 4),
        ([_container("1", restartPolicy="Always"), _container("500m", restartPolicy="Always")], 5.5),
        ([_container("5")], 5),
        ([_container("3")], 4),
        ([_container("1", restartPolicy="Always"), _container("5")], 6),
        ([_container("5"), _container("1", restartPolicy="Always")], 5),
        ([_container("1", restartPolicy="Always"), _container("3")], 5),
    ],
)
def test_native_sidecars_count_beside_the_training_and_what_starts_before(
    init: list[dict[str, Any]], cpu: float
) -> None:
    spec = {"containers": [_container("4")], "initContainers": init}
    assert {"cpu": cpu, "pods": 1} == requests_of(spec)


@given(sizes=SIZES, used=SIZES, replicas=st.integers(1, 6), gpus=st.integers(1, 4))
def test_the_verdict_is_that_of_a_search_of_all_placements(sizes, used, replicas, gpus):
    nodes = [node(str(number), gpus=size) for number, size in enumerate(sizes)]
    busy = [min(size, taken) for size, taken in itertools.zip_longest(sizes, used[: len(sizes)], fillvalue=0)]
    pods = [pod(on=str(number), gpus=taken) for number, taken in enumerate(busy)]
    fit = judge_fit(job(worker=replicas - 1, gpus=gpus), capacity(*nodes, pods=pods))
    free = [size - taken for size, taken in zip(sizes, busy, strict=True)]
    expected = "fits" if _placeable(free, replicas, gpus) else "waits"
    assert fit.verdict == (expected if _placeable(sizes, replicas, gpus) else "never")


@given(sizes=SIZES, small=st.integers(0, 4), large=st.integers(1, 3))
def test_never_is_sure_for_replicas_of_two_shapes(sizes, small, large):
    asked = job(worker=0, gpus=large)
    asked["spec"]["tfReplicaSpecs"]["Worker"] = job(worker=small, gpus=1)["spec"]["tfReplicaSpecs"].get(
        "Worker", {"replicas": 0, "template": {}}
    )
    fit = judge_fit(asked, capacity(*(node(str(n), gpus=size) for n, size in enumerate(sizes))))
    places = any(size >= large and sum(sizes) - large >= small for size in sizes)
    assert (fit.verdict == "never") <= (not places)
    assert (fit.verdict == "fits") <= places


def _placeable(free: list[int], replicas: int, gpus: int) -> bool:
    """Puts one replica after the other into each place that has room."""
    if replicas == 0:
        return True
    return any(
        _placeable([*free[:n], room - gpus, *free[n + 1 :]], replicas - 1, gpus)
        for n, room in enumerate(free)
        if room >= gpus
    )
