"""Parts of a pod template, each whole: variables, neighbours, networks, users."""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit import manifest, plan
from tfjob_kit.config import schema
from tfjob_kit.plan import GitFacts

MATCH = {"matchLabels": {"training.kubeflow.org/job-name": "job"}}
ZONE = "topology.kubernetes.io/zone"
NODE = "kubernetes.io/hostname"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod(**parts: Any) -> dict[str, Any]:
    """The spec of a worker's pod."""
    config = schema.RunConfig(gpus=schema.Size(replicas=2, per_replica=1), **parts)
    job = manifest.build_tfjob(plan.make_plan(config, name="job", suffix="", config_yaml="a: 1\n"))
    return job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]


def test_variables_of_the_cluster_stand_before_the_values() -> None:
    chosen = schema.EnvFromConfig(
        secret_keys={"TOKEN": "hub/token"},
        config_map_keys={"PROXY": "net/http"},
        secrets=["bucket"],
        config_maps=["defaults"],
    )
    (container,) = pod(env={"A": "1"}, env_from=chosen)["containers"]
    assert [{"configMapRef": {"name": "defaults"}}, {"secretRef": {"name": "bucket"}}] == container["envFrom"]
    assert [
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}},
        {"name": "PROXY", "valueFrom": {"configMapKeyRef": {"name": "net", "key": "http"}}},
        {"name": "A", "value": "1"},
    ] == container["env"][:3]
    assert ["TFJOB_KIT_RUN_ID", "TFJOB_KIT_GPUS", "TFJOB_KIT_CONFIG"] == [
        e["name"] for e in container["env"][3:]
    ]


@pytest.mark.parametrize(
    ("placement", "fields"),
    [
        ({}, {}),
        (
            {"pack_by": "zone"},
            {
                "affinity": {
                    "podAffinity": {
                        PREFERRED: [
                            {"weight": 100, "podAffinityTerm": {"topologyKey": ZONE, "labelSelector": MATCH}}
                        ]
                    }
                }
            },
        ),
        (
            {"pack_by": "zone", "spread_by": "node", "strict": True},
            {
                "affinity": {
                    "podAffinity": {REQUIRED: [{"topologyKey": ZONE, "labelSelector": MATCH}]},
                    "podAntiAffinity": {REQUIRED: [{"topologyKey": NODE, "labelSelector": MATCH}]},
                }
            },
        ),
        (
            {"topology_spread": {"rack": 2}},
            {
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 2,
                        "topologyKey": "rack",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": MATCH,
                    }
                ]
            },
        ),
        (
            {"scheduler": "volcano", "runtime_class": "nvidia", "service_account": "trainer"},
            {"schedulerName": "volcano", "runtimeClassName": "nvidia", "serviceAccountName": "trainer"},
        ),
    ],
)
def test_placement_is_written_as_the_scheduler_reads_it(
    placement: dict[str, Any], fields: dict[str, Any]
) -> None:
    plain, made = pod(), pod(placement=schema.PlacementConfig(**placement))
    assert plain | fields == made


@pytest.mark.parametrize(
    ("user", "context"),
    [
        (
            1000,
            {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "runAsGroup": 1000,
                "fsGroup": 1000,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        ),
        (
            0,
            {
                "runAsUser": 0,
                "runAsGroup": 0,
                "fsGroup": 0,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        ),
        (None, {"seccompProfile": {"type": "RuntimeDefault"}}),
    ],
)
def test_the_user_of_the_containers(user: int | None, context: dict[str, Any]) -> None:
    assert context == pod(site=schema.SiteConfig(run_as_user=user))["securityContext"]


def test_rdma_and_the_network_of_the_node() -> None:
    chosen = schema.CommunicationConfig(rdma_resource="rdma/hca", host_network=True)
    made = pod(communication=chosen)
    (container,) = made["containers"]
    assert (True, "ClusterFirstWithHostNet") == (made["hostNetwork"], made["dnsPolicy"])
    asked = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1", "rdma/hca": "1"}
    assert {"requests": asked, "limits": asked} == container["resources"]
    assert {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["IPC_LOCK"]},
    } == container["securityContext"]


def test_the_job_says_what_it_was_made_of() -> None:
    config = schema.RunConfig(job=schema.JobConfig(annotations={"note": "mine"}))
    git = GitFacts(commit="c0ffee", is_dirty=True)
    made = plan.make_plan(config, name="job", suffix="", config_yaml="a: 1\n", git=git)
    hashed = made.annotations["tfjob-kit/config-sha256"]
    assert {
        "tfjob-kit/version": "0.1.0",
        "tfjob-kit/config-sha256": hashed,
        "note": "mine",
        "tfjob-kit/git-commit": "c0ffee",
        "tfjob-kit/git-dirty": "true",
    } == manifest.build_tfjob(made)["metadata"]["annotations"]
    assert 64 == len(hashed)
