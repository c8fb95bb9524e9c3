"""What replicas take of their nodes, beyond one good and one bad example of each rule."""

from __future__ import annotations

from typing import Any

import pytest

from tfjob_kit import lint
from tfjob_kit.lint.examples import make_example

LOCK = {"capabilities": {"drop": ["ALL"], "add": ["IPC_LOCK"]}}
SHARED = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu.shared": 1}
RUNTIME = ["python", "-m", "tfjob_kit.runtime"]


def found(rule: str, changes: dict[str, Any]) -> list[str]:
    """What the rule says about the example, of the chief alone."""
    job = make_example(changes).job
    return [f.what for f in lint.lint_job(job) if f.rule == rule and "Chief" in f.path]


@pytest.mark.parametrize(
    ("pod", "container", "count"),
    [
        ({"runAsUser": 1000}, {}, 1),
        ({"runAsUser": 0}, {}, 0),
        ({"runAsUser": 0}, {"runAsUser": 7}, 1),
        ({"runAsUser": 7}, {"runAsUser": 0}, 0),
        ({"runAsNonRoot": True}, {}, 1),
        ({}, {}, 0),
    ],
)
def test_who_is_root_gets_the_capability(pod: dict[str, Any], container: dict[str, Any], count: int) -> None:
    changes = {"pod.securityContext": pod, "main.securityContext": LOCK | container}
    assert count == len(found("rdma-memlock", changes))


@pytest.mark.parametrize(
    ("memory", "count"),
    [
        ("{}", 1),
        ("{gpu_memory: {mode: exclusive}}", 1),
        ("{gpu_memory: {mode: fraction, fraction: 0.9}}", 1),
        ("{gpu_memory: {mode: fraction, fraction: 0.25}}", 0),
        ("{gpu_memory: {mode: growth}}", 0),
        ("{gpu_memory: {mode: limit, limit_mib: 3000}}", 0),
        ("{gpu_memory: [1]}", 1),
    ],
)
def test_a_shared_card_is_not_taken_whole(memory: str, count: int) -> None:
    changes = {
        "main.command": RUNTIME,
        "main.resources": {"requests": SHARED, "limits": SHARED},
        "main.env": [{"name": "TFJOB_KIT_CONFIG", "value": memory}],
    }
    assert count == len(found("shared-gpu-memory", changes))


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        (["2Gi"], 0),
        (["2Gi", "13Gi"], 0),
        (["2Gi", "14Gi"], 1),
        (["8Gi", "4Gi", "4Gi"], 1),
        (["16Gi", "1Gi"], 0),
    ],
)
def test_volumes_in_memory_are_added_up(sizes: list[str], count: int) -> None:
    volumes = [
        {"name": f"v{number}", "emptyDir": {"medium": "Memory", "sizeLimit": size}}
        for number, size in enumerate(sizes)
    ]
    on_disk = [{"name": "disk", "emptyDir": {"sizeLimit": "500Gi"}}]
    assert count == len(found("memory-volumes", {"pod.volumes": volumes + on_disk}))


def test_the_ports_of_the_node_are_named() -> None:
    ports = [{"name": "tfjob-port", "containerPort": 3333}, {"name": "metrics", "containerPort": 3334}]
    (said,) = found("host-ports", {"pod.hostNetwork": True, "main.ports": ports})
    assert "the ports 3333, 3334 of its node" in said
    (said,) = found("host-ports", {"pod.hostNetwork": True, "main.ports": []})
    assert "the ports 2222 of its node" in said
